"""The live page without a browser: addresses, what is sent to the scripts, and what is downloaded."""

import io
import json
from dataclasses import asdict

import numpy as np
import pandas as pd
import pytest

from goldilocks import store
from goldilocks.dashboard.hands_on import component
from goldilocks.dashboard.hands_on.component import RANGES, Point, parsed
from tests.dashboard.opening import open_page, words
from tests.store.builder import believable, write


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nan",
        "inf",
        "-inf",
        "1e999",
        "-1",
        "0x10",
        "javascript:alert(1)",
        "９９９９",
        None,
        [],
        {},
        "1e400",
        10**400,
    ],
)
@pytest.mark.parametrize("name", RANGES)
def test_what_is_no_number_in_range_is_no_part_of_a_point(name, text):
    assert parsed(name, text) is None


@pytest.mark.parametrize("name", RANGES)
def test_ends_of_a_range_belong_to_it_and_counts_are_whole(name):
    least, most = RANGES[name]
    assert [parsed(name, least), parsed(name, str(most))] == [least, most]
    assert parsed(name, most * 1.01) is None
    assert (parsed(name, "9.5") is None) == (name in component.WHOLE or most < 9.5)


def test_a_point_nobody_chose_is_in_range():
    assert all(parsed(name, value) == value for name, value in asdict(Point()).items())


def test_what_browsers_cannot_read_is_null():
    frame = pd.DataFrame({"a": [np.float64(1.5), np.nan], "b": [pd.NA, np.inf], "c": [np.array([1.0, np.nan]), [2]]})
    rows = component.lists(frame.astype(object), ["a", "b", "c"])
    assert rows == [{"a": 1.5, "b": None, "c": [1.0, None]}, {"a": None, "b": None, "c": [2]}]
    json.dumps(rows, allow_nan=False)


@pytest.fixture
def sent(monkeypatch):
    """What the page gave the scripts last."""
    given, live = {}, component._live
    monkeypatch.setattr(component, "_live", lambda **more: given.update(more) or live(**more))
    return given


@pytest.mark.parametrize(("norm", "kind"), [("no norm", "none"), ("layer norm", "units"), ("batch norm", "batch")])
def test_scripts_get_maps_and_measurements_of_what_was_chosen(studied_store, monkeypatch, sent, norm, kind):
    app = open_page("hands_on", studied_store, monkeypatch, live_activation="relu", live_norm=norm, live_depth="7")
    assert not app.exception
    data = sent["data"]
    json.dumps(data, allow_nan=False)
    assert data["point"] == asdict(Point(depth=7))
    assert data["norm"]["kind"] == kind
    assert data["maps"]["length"] == pytest.approx([np.exp(x) / 2 for x in data["maps"]["log_q"]])
    studies = {one["study"] for one in data["measured"]}
    assert ("mean_field" in studies) == (kind != "batch")
    assert "the widest network measured counts." in words(app)


def test_what_an_address_cannot_mean_is_named_and_left(studied_store, monkeypatch, sent):
    app = open_page("hands_on", studied_store, monkeypatch, live_sigma_w="1e999", live_width="`x`", live_sigma_b="0.25")
    assert not app.exception
    assert sent["data"]["point"] == asdict(Point(sigma_b=0.25))
    assert all(text in words(app) for text in ("σw: the address asks for `1e999`", "Width: the address asks for `'x'`"))
    assert len(app.warning) == 2


def test_a_store_without_maps_says_which_command_writes_them(tmp_path, monkeypatch):
    app = open_page("hands_on", write(tmp_path / "grid.duckdb", believable(1, 1)).path, monkeypatch)
    assert not app.exception
    assert "goldilocks run" in words(app) + " ".join(code.value for code in app.code)


def test_downloads_hold_the_theory_at_the_point(studied_store, monkeypatch):
    from goldilocks.dashboard import figure

    shown = []
    around = figure.Figure.around
    monkeypatch.setattr(figure.Figure, "around", lambda self, key: shown.append(self) or around(self, key))
    open_page("hands_on", studied_store, monkeypatch, live_activation="gelu", live_sigma_w="2", live_depth="9")
    taken = pd.read_csv(io.BytesIO(shown[0].file("CSV")))
    with store.open(studied_store) as handle:
        values = {"activation": "gelu", "sigma_w": 2.0, "sigma_b": Point().sigma_b, "depth": 9}
        truth = handle.mean_field_layers(**values).df()
    assert taken.columns.tolist() == truth.columns.tolist()
    assert taken.to_numpy() == pytest.approx(truth.to_numpy())
    picture = shown[0].file("SVG").decode()
    assert "What becomes of a signal in 9 layers of gelu?" in picture
    assert "Correlation of two inputs c" in picture
