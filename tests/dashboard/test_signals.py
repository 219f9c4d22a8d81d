"""One metric against the layer: its range, the theory beside it, and its ratio to a baseline."""

import json

import numpy as np
import pandas as pd
import pytest

from dashboard import signals
from dashboard.charts.lines import Axis, lines
from tests.dashboard.opening import open_page

LAYERS = [1, 2, 3]
STD = {"xavier": np.array([2.0, 4.0, 0.0]), "kaiming": np.array([3.0, 10.0, 5.0])}
NUMBERS = ("mean", "low", "high", "theory", "theory_low", "theory_high")


def signal(theory=True):
    """Return rows of `signal_by_layer` for two configurations."""
    rows = [
        pd.DataFrame(
            {"configuration": name, "init": name, "layer": LAYERS, "seeds": 3, "std": std, "std_low": 0.5 * std,
             "std_high": 2 * std, "std_overflowed": [0, 0, 1], "theory_std": 1.1 * std if theory else np.nan,
             "theory_std_band": 0.1 if theory else np.nan, "frac_saturated": [0.1, 0.2, 0.3]}
        )
        for name, std in STD.items()
    ]  # fmt: skip
    return pd.concat(rows, ignore_index=True)


def own(frame, name):
    return frame[frame["configuration"] == name].set_index("layer")


def test_a_metric_comes_with_its_range_its_losses_and_its_theory():
    frame = own(signals.against_layer(signal(), "std"), "kaiming")
    assert frame["low"].tolist() == [1.5, 5, 2.5]
    assert frame["high"].tolist() == [6, 20, 10]
    assert frame["lost"].tolist() == [0, 0, 1]
    assert frame["theory"].tolist() == pytest.approx([3.3, 11, 5.5])
    assert frame["theory_low"].tolist() == pytest.approx([number * (1 - 0.196) for number in (3.3, 11, 5.5)])
    assert frame["theory_high"].tolist() == pytest.approx([number * (1 + 0.196) for number in (3.3, 11, 5.5)])


def test_a_share_has_neither_range_nor_theory():
    frame = signals.against_layer(signal(), "frac_saturated")
    assert (frame["low"] == frame["mean"]).all()
    assert (frame["high"] == frame["mean"]).all()
    assert (frame["lost"] == 0).all()
    assert "theory" not in frame


@pytest.mark.parametrize("baseline", STD)
def test_every_number_is_its_ratio_to_the_baselines_mean_in_the_same_layer(baseline):
    before = signals.against_layer(signal(), "std")
    # Rows come in any order.
    after = signals.relative(before.sample(frac=1, random_state=0), baseline)
    for name in STD:
        for number in NUMBERS:
            ratios = own(after, name)[number].reindex(LAYERS)
            expected = own(before, name)[number] / np.where(STD[baseline] > 0, STD[baseline], np.nan)
            assert ratios.tolist() == pytest.approx(expected.tolist(), nan_ok=True)
    assert own(after, baseline)["mean"].dropna().tolist() == pytest.approx([1.0] * int((STD[baseline] > 0).sum()))


def test_what_is_no_number_stays_as_it_is():
    before = signals.against_layer(signal(), "std")
    after = signals.relative(before, "xavier")
    same = [name for name in before if name not in NUMBERS]
    pd.testing.assert_frame_equal(after[same], before[same])


def test_there_is_no_ratio_to_what_is_not_there():
    assert signals.relative(signals.against_layer(signal(), "std"), "zeros")[list(NUMBERS)].isna().all().all()


@pytest.mark.parametrize(("metric", "theory", "drawn"), [("std", True, True), ("std", False, False)])
def test_theory_is_drawn_where_the_store_has_it(metric, theory, drawn):
    frame = signals.against_layer(signal(theory), metric)
    chart = lines(frame, Axis("layer", "Layer"), Axis("mean", "Std"), Axis("init", "Init", values=list(STD)))
    assert ("theory" in fields(chart.spec)) == drawn


def test_the_page_draws_theory_for_what_has_one(filled_store, monkeypatch):
    app = open_page("activation_statistics", filled_store, monkeypatch, init="xavier", activation="tanh")
    drawn = {}
    for chart in app.get("vega_lite_chart"):
        found = fields(json.loads(chart.proto.spec))
        if "layer" in found and "mean" in found:
            drawn[chart.proto.alt.partition(" against layer")[0]] = "theory" in found
    assert drawn == {
        "Std of activations": True, "Gradient rms": True, "Saturated share": False, "Share of dead units": False
    }  # fmt: skip


def fields(spec):
    """Return what stands on the axes of a chart of lines."""
    encodings = [layer["encoding"] for layer in spec.get("layer", ())]
    return {encoding[channel].get("field") for encoding in encodings for channel in ("x", "y") if channel in encoding}
