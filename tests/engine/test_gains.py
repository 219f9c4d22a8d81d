"""Gains come from the activation itself; `engine list` and the store's cards show them."""

import json

import pytest
from typer.testing import CliRunner

from goldilocks.engine.__main__ import app
from goldilocks.engine.activations import activations
from goldilocks.engine.catalog import entries, schemes_table
from goldilocks.engine.saturation import ends
from goldilocks.engine.theory.gains import Gains, gradient_gain, second_moment_gain, torch_gain, variance_gain
from goldilocks.engine.theory.maps import length, mean, slope
from tests.engine.members import ACTIVATIONS


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=str)
def test_each_gain_keeps_what_it_says(activation):
    v, m, d = (function(activation, 1.0) for function in (length, mean, slope))
    assert second_moment_gain(activation) ** 2 * v == pytest.approx(1)
    assert variance_gain(activation) ** 2 * (v - m * m) == pytest.approx(1)
    assert gradient_gain(activation) ** 2 * d == pytest.approx(1)


def test_pytorchs_gain_is_shown_where_it_differs_and_only_there():
    differing = {entry.name: entry.gains.torch for entry in entries("activations") if entry.gains.torch is not None}
    assert differing == {"tanh": pytest.approx(5 / 3), "selu": 0.75, "sigmoid": 1.0}
    assert torch_gain(activations.parse("relu")) == pytest.approx(second_moment_gain(activations.parse("relu")))
    assert torch_gain(activations.parse("gelu")) is None


def test_the_list_shows_all_gains():
    runner = CliRunner()
    shown = runner.invoke(app, ["list", "activations"], env={"COLUMNS": "200"})
    assert shown.exit_code == 0
    (line,) = [line for line in shown.stdout.splitlines() if line.startswith("tanh")]
    gains = Gains.of(activations.parse("tanh"))
    numbers = [f"{gain:.4f}" for gain in (gains.second_moment, gains.variance, gains.gradient, 5 / 3)]
    assert line.split()[-5:] == [*numbers, f"{ends(activations.parse('tanh')).share:.3%}"]
    listed = json.loads(runner.invoke(app, ["list", "activations", "--json"]).stdout)
    assert {entry["name"]: entry["gains"]["gradient"] for entry in listed}["tanh"] == pytest.approx(gains.gradient)
    saturated = {entry["name"]: entry["saturated"] for entry in listed}
    assert saturated == {activation.name: ends(activation).share for activation in ACTIVATIONS}
    assert "keeps gradient" not in runner.invoke(app, ["list", "initializers"], env={"COLUMNS": "200"}).stdout


def test_the_cards_that_travel_to_the_store_carry_the_gains():
    notes = {row["name"]: row["notes"] for row in schemes_table().to_pylist() if row["kind"] == "activation"}
    for activation in ACTIVATIONS:
        assert notes[activation.name].endswith(str(Gains.of(activation)))
    assert "PyTorch recommends 1.667" in notes["tanh"]
