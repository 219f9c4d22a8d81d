"""The slides' untrained networks are fully connected ones on Gaussian inputs, whatever else the store holds."""

import pytest

from goldilocks.dashboard import data
from goldilocks.dashboard.lecture import signal_rows
from goldilocks.dashboard.lecture.networks import lecture_network
from tests.dashboard.opening import open_page, words
from tests.grids import computed

pytestmark = pytest.mark.essential("what the lecture's rows are about")

ROWS = {row.number: row for row in (*signal_rows.ROWS, signal_rows.GRADIENT_FLOW)}
# The row that shows convolutions beside the fully connected network.
WITH_CONVOLUTIONS = 6
WIDTH, DEPTH = 16, 4
VARIED = """kind = "propagation"
init = ["normal(std=0.01)", "normal(std=0.05)", "xavier", "kaiming", "kaiming_slip"]
activation = ["tanh", "relu"]
norm = ["none", "batch"]
batch_size = 4
seed = [0, 1]
"""
# Wider and deeper than the slides' network, and of every other kind.
GRID = f"""[[study]]
{VARIED}width = {WIDTH}
depth = {DEPTH}

[[study]]
{VARIED}width = 32
depth = 6
network = ["conv", "residual_mlp"]

[[study]]
{VARIED}width = 32
depth = 6
dataset = "digits"
"""


@pytest.fixture(scope="module")
def crowded_store(tmp_path_factory):
    return computed("crowded", tmp_path_factory, GRID)


@pytest.mark.parametrize("number", sorted(ROWS))
def test_figures_and_sentences_are_of_the_network_that_the_slide_speaks_of(crowded_store, monkeypatch, number):
    monkeypatch.setenv("GOLDILOCKS_STORE", str(crowded_store))
    asked, ask = [], data.query
    monkeypatch.setattr(data, "query", lambda name, **given: asked.append(given) or ask(name, **given))
    finding = ROWS[number].ask()
    networks = [given for given in asked if "width" in given]
    plain = [given for given in networks if given.get("network") != "conv"]
    assert plain
    assert {(given["width"], given["depth"]) for given in plain} == {(WIDTH, DEPTH)}
    assert {given.get("dataset", "gaussian") for given in networks} == {"gaussian"}
    assert (plain != networks) == (number == WITH_CONVOLUTIONS and bool(finding.beside))
    assert "conv" not in finding.figure.title
    assert finding.verdict


def test_the_opening_shows_it_too(crowded_store, monkeypatch):
    app = open_page("lecture", crowded_store, monkeypatch)
    assert not app.exception
    assert f"What becomes of a signal in {DEPTH} tanh layers of {WIDTH}?" in words(app)


def test_other_networks_are_shown_only_where_they_are_named(crowded_store, monkeypatch):
    monkeypatch.setenv("GOLDILOCKS_STORE", str(crowded_store))
    found = {network: lecture_network("xavier", "tanh", network=network) for network in ("conv", "residual_mlp")}
    assert {network: shape["network"] for network, shape in found.items()} == {name: name for name in found}
    assert lecture_network("xavier", "tanh")["network"] == "mlp"
    assert lecture_network("lsuv", "tanh") is None
