"""The lecture's page opens with four initializations, as the store judges them."""

import io
import re

import pandas as pd
import pytest

from goldilocks import engine, store
from goldilocks.dashboard.figure import FORMATS, Figure
from goldilocks.dashboard.numerals import numeral
from tests.breadth import few
from tests.dashboard.opening import open_page

BADGE = re.compile(r":[a-z]+-badge\[:material/\w+: (.+)\]")
# The lecture's own network, and an initialization more than its opening shows.
SLIDE = """
[[study]]
kind = "propagation"
width = 4096
depth = 6
batch_size = 16
init = ["normal(std=0.01)", "normal(std=0.05)", "xavier", "kaiming", "kaiming_slip"]
activation = ["tanh", "relu"]
"""
RATES = """
SELECT init, exp(avg(ln(forward_rate))) AS forward_rate, exp(avg(ln(backward_rate))) AS backward_rate,
       exp(avg(ln(forward_factor))) AS forward_factor, exp(avg(ln(backward_factor))) AS backward_factor
FROM signal_rates
WHERE activation = $activation AND norm = 'none'
GROUP BY init
"""
# The opening's cards from left to right.
CARDS = {"0.01": "normal(std=0.01)", "0.05": "normal(std=0.05)", "Xavier": "xavier", "Kaiming": "kaiming"}


@pytest.fixture(scope="module")
def slide_store(tmp_path_factory):
    """Path of a store with the lecture's own network."""
    path = tmp_path_factory.mktemp("slide") / "grid.duckdb"
    engine.run(engine.Grid.from_toml(SLIDE, "slide"), path)
    return path


def cards(store_path, activation, monkeypatch):
    """Return what each card of the opening says, by its name: the verdict, and the numbers below the chart."""
    app = open_page("lecture", store_path, monkeypatch, lecture_activation=activation, lecture_answers="true")
    assert not app.exception
    assert all(len(column.get("vega_lite_chart")) == 1 for column in app.columns)
    return {
        name.value.strip("*"): (BADGE.fullmatch(badge.value)[1], column.caption[0].value)
        for column in app.columns
        for name, badge in [column.markdown]
    }


@pytest.mark.essential("the first figure that anybody sees")
@pytest.mark.parametrize("activation", few(["relu", "tanh"], 1))
@pytest.mark.parametrize("store_name", few(["slide_store", "filled_store"], 1))
def test_the_opening_shows_four_initializations_as_the_store_judges_them(store_name, activation, request, monkeypatch):
    path = request.getfixturevalue(store_name)
    with store.open(path) as handle:
        verdict = handle.signal_verdicts(activation=activation, norm="none").df().set_index("init")["verdict"]
        rates = handle.query(RATES, activation=activation).df().set_index("init")
    shown = cards(path, activation, monkeypatch)
    assert list(shown) == list(CARDS)
    for name, init in CARDS.items():
        told, numbers = shown[name]
        assert told == verdict[init]
        for called, direction in (("signal", "forward"), ("gradient", "backward")):
            per_layer, total = (numeral(rates.loc[init, f"{direction}_{kind}"]) for kind in ("rate", "factor"))
            assert f"{called} ×{per_layer} per layer (×{total} in all)" in numbers


@pytest.mark.parametrize(("init", "steps"), [("xavier", 0.8), ("normal(std=0.01)", 0.6)])
def test_under_a_relu_the_collapse_is_seen_layer_by_layer(init, steps, slide_store, monkeypatch):
    """The first layer fills the axis of its card, although another initialization explodes; each is narrower."""
    charts = opened(slide_store, "relu", monkeypatch)
    bins = charts[init].data["bins"]
    reach = bins[bins["layer"] - bins["top"] > 0.1].groupby("layer")["right"].max()
    assert reach.iloc[0] > 0.3 * bins["right"].max()
    assert (reach.diff().dropna() <= 0).all()
    assert reach.iloc[-1] < steps * reach.iloc[0]


def opened(store_path, activation, monkeypatch):
    """Return the charts of the opening by initialization."""
    drawn, around = [], Figure.around
    with monkeypatch.context() as patch:
        patch.setattr(Figure, "around", lambda self, key: drawn.append((key, self)) or around(self, key))
        assert not open_page("lecture", store_path, patch, lecture_activation=activation).exception
    return {CARDS[name]: chart for name, chart in dict(drawn)["opening"].chart.charts.items()}


def test_in_the_lectures_tanh_network_the_opening_is_the_lectures(slide_store, monkeypatch):
    told = [verdict for verdict, _ in cards(slide_store, "tanh", monkeypatch).values()]
    assert told == ["too small", "too big", "just right", "just right"]


@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_the_openings_charts_are_downloaded_together(activation, slide_store, monkeypatch):
    drawn, around = [], Figure.around
    with monkeypatch.context() as patch:
        patch.setattr(Figure, "around", lambda self, key: drawn.append((key, self)) or around(self, key))
        app = open_page("lecture", slide_store, patch, lecture_activation=activation)
    assert not app.exception
    monkeypatch.setenv("GOLDILOCKS_STORE", str(slide_store))
    opening = dict(drawn)["opening"]
    assert opening.title == f"What becomes of a signal in 6 {activation} layers of 4096?"
    assert list(opening.chart.charts) == list(CARDS)
    assert f"activation IN ('{activation}')" in opening.source.sql
    assert "layer_histograms" in opening.source.sql
    assert {button.key for button in app.get("download_button")} >= {f"goldilocks-opening-{kind}" for kind in FORMATS}
    svg = opening.file("SVG").decode()
    assert all(f">{name}</text>" in svg for name in CARDS)
    rows = pd.read_parquet(io.BytesIO(opening.file("Parquet")))
    assert set(rows["init"]) == set(CARDS.values())


@pytest.mark.parametrize(("store_name", "width"), [("slide_store", 4096), ("filled_store", 64)])
def test_the_opening_says_what_a_fixed_std_means_at_the_width(store_name, width, request, monkeypatch):
    shown = cards(request.getfixturevalue(store_name), "tanh", monkeypatch)
    meant = {"0.01": 0.01 * width**0.5, "0.05": 0.05 * width**0.5, "Xavier": 1, "Kaiming": 2**0.5}
    assert {name: numbers.split()[2] for name, (_, numbers) in shown.items()} == {
        name: numeral(scale) for name, scale in meant.items()
    }
