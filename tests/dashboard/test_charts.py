"""Charts are pure: any frame gives a valid chart, non-finite values are drawn, the input stays as it was."""

import altair as alt
import numpy as np
import pandas as pd
import pytest

from dashboard import theme
from dashboard.charts.curves import learning_curves
from dashboard.charts.distributions import strip
from dashboard.charts.layers import against_layer
from dashboard.distributions import common_range, on_common_bins, rebin
from dashboard.figure import FORMATS, contents

AXES = {"norm": "Normalization", "depth": "Depth"}


def layers(values=(1.0, 0.5, 0.25), overflowed=0):
    rows = [
        {"configuration": init, "init": init, "variant": "", "layer": layer, "seeds": 3, "std": value,
         "std_low": value * 0.9, "std_high": value * 1.1, "std_overflowed": overflowed, "theory_std": value,
         "mean": 0.0}
        for init in ("xavier", "kaiming")
        for layer, value in enumerate(values, 1)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def curves(diverged=0):
    rows = [
        {"configuration": norm, "norm": norm, "depth": depth, "step": step, "seeds": 3,
         "diverged": diverged * (step > 0), "train_loss": 2.3 - step / 20, "train_loss_low": 2.0,
         "train_loss_high": 2.4}
        for norm in ("none", "batch")
        for depth in (2, 10)
        for step in (0, 10, 20)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def histograms():
    return pd.DataFrame(
        [
            {"configuration": "a", "layer": 1, "lo": -1.0, "hi": 1.0, "counts": np.array([1, 2, 3, 2]), "underflow": 0,
             "overflow": 0, "nonfinite": 0},
            {"configuration": "a", "layer": 2, "lo": np.nan, "hi": np.nan, "counts": np.array([0, 0, 0, 0]),
             "underflow": 0, "overflow": 0, "nonfinite": 8},
            {"configuration": "a", "layer": 3, "lo": 0.0, "hi": 0.0, "counts": np.array([8, 0, 0, 0]), "underflow": 0,
             "overflow": 0, "nonfinite": 0},
        ]
    )  # fmt: skip


def drawings():
    bins = on_common_bins(histograms(), ["configuration", "layer"])
    yield "layers", layers(), lambda frame: against_layer(frame, "std", "Std", False)
    yield "layers, logarithmic", layers((1, 1e-20, 0)), lambda frame: against_layer(frame, "std", "Std", True)
    yield "layers, not finite", layers((1, np.inf, np.nan), 2), lambda frame: against_layer(frame, "std", "Std", True)
    yield "curves", curves(), lambda frame: learning_curves(frame, "train_loss", "Loss", "norm", None, AXES)
    yield "panels", curves(2), lambda frame: learning_curves(frame, "train_loss", "Loss", "norm", "depth", AXES)
    yield "strip", bins, lambda frame: strip(frame, layers(), "#123456")


@pytest.mark.parametrize(
    ("name", "frame", "draw"), list(drawings()), ids=lambda value: value if isinstance(value, str) else ""
)
def test_a_chart_is_valid_and_leaves_its_input_alone(name, frame, draw):
    before = frame.copy(deep=True)
    chart = draw(frame)
    pd.testing.assert_frame_equal(frame, before)
    assert alt.Chart.from_json(chart.to_json()).to_dict()
    assert contents("SVG", chart, frame).startswith(b"<svg")
    assert contents("PNG", chart, frame).startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("name", "frame", "draw"), list(drawings()), ids=lambda value: value if isinstance(value, str) else ""
)
def test_an_empty_frame_gives_an_empty_chart(name, frame, draw):
    assert contents("SVG", draw(frame.head(0)), frame).startswith(b"<svg")


def test_an_overflow_is_marked_and_never_dropped_silently():
    chart = against_layer(layers((1, np.inf), overflowed=1), "std", "Std", False).to_dict()
    marks = [layer for layer in chart["layer"] if layer["mark"].get("shape") == "cross"]
    assert marks
    assert chart["datasets"][marks[0]["data"]["name"]]
    calm = against_layer(layers(), "std", "Std", False).to_dict()
    crosses = next(layer for layer in calm["layer"] if layer["mark"].get("shape") == "cross")
    assert not calm["datasets"][crosses["data"]["name"]]


def test_divergence_is_marked_once_where_it_happens():
    chart = learning_curves(curves(diverged=2), "train_loss", "Loss", "norm", None, AXES).to_dict()
    rows = next(iter(chart["datasets"].values()))
    assert {row["step"] for row in rows if row["first_loss"]} == {10}


def test_rebinning_keeps_every_value_on_the_axis():
    edges = np.linspace(-2, 2, 41)
    counts = np.array([3, 0, 5, 7])
    assert rebin(-1, 1, counts, edges).sum() == pytest.approx(15)
    assert rebin(0.5, 0.5, np.array([4, 0]), edges).sum() == 4
    assert rebin(np.nan, np.nan, counts, edges).sum() == 0
    np.testing.assert_allclose(rebin(-2, 2, np.ones(40), edges), np.ones(40))


def test_shares_off_the_axis_and_not_finite_add_up():
    bins = on_common_bins(histograms(), ["configuration", "layer"])
    parts = bins.groupby("layer").agg({"share": "sum", "outside": "first", "nonfinite": "first"}).sum(axis=1)
    np.testing.assert_allclose(parts, 1.0)


def test_one_exploded_layer_does_not_hide_the_others():
    ordinary = [{"lo": -1.0, "hi": 1.0}] * 6
    low, high = common_range(pd.DataFrame([*ordinary, {"lo": -1e16, "hi": 1e16}]))
    assert (low, high) == pytest.approx((-1.04, 1.04))
    assert common_range(pd.DataFrame({"lo": [np.nan], "hi": [np.inf]})) == (-1.0, 1.0)


def test_many_vanished_distributions_do_not_push_a_healthy_one_off_the_axis():
    vanished = pd.DataFrame({"lo": [-1e-10] * 30, "hi": [1e-10] * 30})
    low, high = common_range(pd.concat([vanished, pd.DataFrame({"lo": [-4.0], "hi": [4.0]})]))
    assert low < -4 < 4 < high
    low, high = common_range(vanished)
    assert 1e-10 < high < 2e-10


def test_the_lectures_schemes_have_colours_of_their_own():
    names = ["normal(std=0.01)", "normal(std=0.05)", "xavier", "kaiming", "kaiming_slip", "orthogonal"]
    assert len(set(theme.colours(names))) == len(names)
    assert theme.colours(["xavier", "lecun_normal"])[0] == theme.colour("xavier")


def test_a_figures_data_can_be_taken_away(tmp_path):
    frame = pd.DataFrame({"x": [1.0, np.nan, np.inf], "name": ["a", "b", "c"]})
    chart = alt.Chart(frame).mark_point().encode(x="x")
    assert set(FORMATS) == {"CSV", "Parquet", "SVG", "PNG"}
    (tmp_path / "f.parquet").write_bytes(contents("Parquet", chart, frame))
    (tmp_path / "f.csv").write_bytes(contents("CSV", chart, frame))
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "f.parquet"), frame)
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "f.csv"), frame)
