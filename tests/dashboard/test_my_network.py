"""The page about a network of the reader's own: cards, strips, findings, ranking, and trained networks like it."""

import io
import json
import os
from types import SimpleNamespace

import pandas as pd
import pyarrow as pa
import pytest

from goldilocks.dashboard import commands, engine_process, nearby
from goldilocks.dashboard.diagnosis import Diagnosis, networks
from goldilocks.dashboard.figure import Figure
from tests.dashboard.diagnosed import DEPTH, LOST, MODULE, PLAIN, RATES, SEEDS, network
from tests.dashboard.opening import open_page, words
from tests.store.builder import Batch, write

PAGE = "my_network"


def cards(app):
    """Return what stands in the card of each initialization, the best first."""
    blocks = {getattr(one.proto, "id", "").rpartition("-card-")[2]: one for one in _blocks(app.main)}
    places = sorted(place for place in blocks if place.isdecimal())
    return [" ".join(str(element.value) for element in _texts(blocks[place])).replace("\\", "") for place in places]


def plain(app):
    """Return what the page says, without the signs that keep its text from being Markdown."""
    return words(app).replace("\\", "")


def _blocks(block):
    for child in block.children.values():
        if hasattr(child, "children"):
            yield child
            yield from _blocks(child)


def _texts(block):
    for child in block.children.values():
        if hasattr(child, "children"):
            yield from _texts(child)
        elif child.type in ("markdown", "caption"):
            yield child


def drawn(app):
    """Return the rows of every chart, in the order of the page."""
    return [
        pa.ipc.open_stream(frame.data.data).read_all().to_pylist()
        for chart in app.get("vega_lite_chart")
        for frame in chart.proto.datasets
    ]


def test_the_newest_diagnosis_comes_first_with_all_that_was_found(diagnosed_store, monkeypatch):
    app = open_page(PAGE, diagnosed_store, monkeypatch)
    assert not app.exception
    (choice,) = app.selectbox
    assert [option.startswith(name) for option, name in zip(choice.options, (PLAIN, LOST), strict=True)] == [True, True]
    said = plain(app)
    assert "diagnosed 02 Jan 2026, 00:00 UTC" in said
    assert f"{DEPTH} steps of the stream, 8 wide" in said
    assert "### kaiming: just right" in said
    assert f"clearly better than xavier (common seeds: {SEEDS})" in said
    best, _, worst = cards(app)
    assert "signal ×1.01 per step (0.985 to 1.04)" in best
    assert "gradient ×1.1 per step" in best
    assert "first loss 2.3, guessing 2.3" in best
    assert "error: Number range" in worst
    assert "signal ×0.505 per step" in worst
    assert "**as_is:** The values reach" in said
    assert "Scale them." in said
    assert 'print("scaled")' in [code.value for code in app.code]
    assert "max |a|" in said


def test_strips_name_the_sites_in_execution_order(diagnosed_store, monkeypatch):
    app = open_page(PAGE, diagnosed_store, monkeypatch)
    rows = drawn(app)[0]
    names = [f"{number}:linear" for number in range(DEPTH + 1)]
    assert json.loads(app.get("vega_lite_chart")[0].proto.spec)["layer"][1]["encoding"]["y"]["sort"] == names
    signal = {row["site"]: row["mean"] for row in rows if "Std" in row["quantity"]}
    gradient = {row["site"]: row["mean"] for row in rows if "Gradient" in row["quantity"]}
    assert signal["3:linear"] == pytest.approx(1.01**3, rel=1e-3)
    # Nothing comes back to the input.
    assert set(gradient) == set(names[1:])
    assert gradient["1:linear"] == pytest.approx(1.1 ** (DEPTH - 1))
    (dead,) = drawn(app)[1]
    assert (dead["site"], dead["share"]) == ("2:linear", 0.25)


def test_what_is_lost_is_marked_and_names_stay_text(diagnosed_store, monkeypatch):
    app = open_page(PAGE, diagnosed_store, monkeypatch)
    app.selectbox[0].set_value(app.selectbox[0].options[1]).run()
    assert not app.exception
    said = words(app)
    assert MODULE not in said
    assert LOST not in said
    assert "diverged" in cards(app)[1]
    assert "first loss not finite" in cards(app)[1]
    lost = [row for rows in drawn(app) for row in rows if row.get("lost")]
    assert {row["site"] for row in lost if "site" in row}
    assert any("configuration" in row for row in lost)
    assert not any(element.allow_html for element in app.markdown if MODULE[:5] in element.value)


@pytest.mark.parametrize("seeds", [1, 2])
def test_one_initialization_has_no_other_to_be_compared_with(seeds, tmp_path, monkeypatch):
    batch = Batch().run()
    for seed in range(seeds):
        network(batch, PLAIN, "as_is", seed)
    app = open_page(PAGE, write(tmp_path / "grid.duckdb", batch).path, monkeypatch)
    assert not app.exception
    assert "the only one" in words(app)
    assert ("one seed: no interval" in words(app)) == (seeds == 1)
    assert len(app.get("vega_lite_chart")) == 2
    assert "No trained network in this store is near" in words(app)
    assert "goldilocks run near.toml" in [code.value for code in app.code]


@pytest.mark.parametrize(
    ("local", "given", "named"),
    [(True, "/my/store.duckdb", "/my/store.duckdb"), (True, "", "ENV"), (False, "/x", "FILE")],
)
def test_without_a_diagnosis_the_page_says_how_to_make_one_and_nothing_else(local, given, named, tmp_path, monkeypatch):
    path = write(tmp_path / "grid.duckdb", Batch().run()).path
    monkeypatch.setattr(engine_process, "offered", lambda address, headers: local)
    monkeypatch.setenv(commands.GIVEN, given)
    app = open_page(PAGE, path, monkeypatch)
    assert not app.exception
    (code,) = app.main.code
    file = os.environ["GOLDILOCKS_STORE"] if named == "ENV" else named
    assert code.value == f"goldilocks diagnose FACTORY --store {file}"
    assert not app.selectbox
    assert not app.get("vega_lite_chart")


def test_every_download_has_the_rows_that_are_shown(diagnosed_store, monkeypatch):
    shown, around = {}, Figure.around
    monkeypatch.setattr(Figure, "around", lambda self, key: shown.update({key: self}) or around(self, key))
    assert not open_page(PAGE, diagnosed_store, monkeypatch).exception
    assert set(shown) == {"sites", "ranking"}
    diagnosis = Diagnosis(PLAIN, tuple(RATES))
    for source in (*(one.source for one in shown.values()), diagnosis.findings, diagnosis.near):
        taken = pd.read_csv(io.BytesIO(source.file("CSV")))
        assert list(taken.columns) == list(source.frame().columns)
        assert len(taken) == len(source.frame()) > 0
    svg = shown["sites"].file("SVG").decode()
    assert all(f">{name}</text>" in svg for name in (*RATES, "3:linear"))


def test_all_sites_are_those_of_branches_too(tmp_path, monkeypatch):
    batch = Batch().run()
    network(batch, PLAIN, "as_is", 0)
    batch.rows["sites"][2]["role"] = "branch"
    app = open_page(PAGE, write(tmp_path / "grid.duckdb", batch).path, monkeypatch)
    before = {row["site"] for row in drawn(app)[0]}
    app.get("segmented_control")[0].set_value("all sites").run()
    assert not app.exception
    assert {row["site"] for row in drawn(app)[0]} - before == {"2:linear"}


def test_the_nearest_trained_networks_say_what_differs(diagnosed_store, monkeypatch):
    said = plain(open_page(PAGE, diagnosed_store, monkeypatch))
    assert "Differs: in nothing that is compared." in said
    assert "Differs: 2 times as deep." in said
    assert "2 of 2 seeds train; test accuracy 95.0%" in said


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        ({}, ("mlp", 20, 64, "relu", "none")),
        ({"residual": True, "activation": "mine+gelu", "norm": "layer"}, ("residual_mlp", 20, 64, "gelu", "layer")),
        (
            {"convolution": True, "norm": "instance+batch", "depth": 0, "width": 10**6},
            ("conv", 1, 512, "relu", "batch"),
        ),
        ({"activation": '"]\n[', "norm": '"\\'}, ("mlp", 20, 64, "relu", "none")),
    ],
)
def test_the_grid_that_is_offered_is_one(own, expected, diagnosed_store, monkeypatch):
    from goldilocks.engine import Grid

    monkeypatch.setenv("GOLDILOCKS_STORE", str(diagnosed_store))
    usual = {"depth": 20, "width": 64, "activation": "relu", "norm": "none", "residual": False, "convolution": False}
    cell = Grid.from_toml(nearby.grid(SimpleNamespace(**usual | own)), "near").cells[0]
    network = str(cell.network).partition("(")[0]
    assert (network, cell.depth, cell.width, str(cell.activation), str(cell.norm)) == expected


def test_all_networks_are_offered(diagnosed_store, monkeypatch):
    monkeypatch.setenv("GOLDILOCKS_STORE", str(diagnosed_store))
    found = networks()
    assert list(found["network"]) == [PLAIN, LOST]
    assert list(found["sites"]) == [DEPTH + 1] * 2


def test_a_diagnosed_network_shows_what_it_was_given_in_activation_statistics(diagnosed_store, monkeypatch):
    app = open_page("activation_statistics", diagnosed_store, monkeypatch)
    (network,) = [box for box in app.selectbox if box.key == "network"]
    for title in network.options:
        network.set_value(title).run()
        assert not app.exception
        (chosen,) = [box for box in app.multiselect if box.key.startswith("init_of_")]
        assert sorted(chosen.value) == sorted(chosen.options)
        assert app.get("vega_lite_chart")
