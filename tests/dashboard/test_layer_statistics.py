"""One metric against the layer: its range, the theory beside it, and its ratio to a baseline."""

import json

import numpy as np
import pandas as pd
import pytest

from goldilocks import store
from goldilocks.dashboard import layer_statistics
from goldilocks.dashboard.charts.lines import Axis, lines
from tests.dashboard.opening import open_page
from tests.store.builder import Batch, write

LAYERS = [1, 2, 3]
STD = {"xavier": np.array([2.0, 4.0, 0.0]), "kaiming": np.array([3.0, 10.0, 5.0])}
NUMBERS = ("mean", "low", "high", "theory", "theory_low", "theory_high")


def signal(theory=True):
    """Return rows of `signal_by_layer` for two configurations."""
    rows = [
        pd.DataFrame(
            {"configuration": name, "init": name, "layer": LAYERS, "seeds": 3, "std": std, "std_low": 0.5 * std,
             "std_high": 2 * std, "std_overflowed": [0, 0, 1], "theory_std": 1.1 * std if theory else np.nan,
             "theory_std_low": 0.9 * std if theory else np.nan,
             "theory_std_high": 1.4 * std if theory else np.nan, "frac_saturated": [0.1, 0.2, 0.3]}
        )
        for name, std in STD.items()
    ]  # fmt: skip
    return pd.concat(rows, ignore_index=True)


def own(frame, name):
    return frame[frame["configuration"] == name].set_index("layer")


def test_a_metric_comes_with_its_range_its_losses_and_its_theory():
    frame = own(layer_statistics.against_layer(signal(), "std"), "kaiming")
    assert frame["low"].tolist() == [1.5, 5, 2.5]
    assert frame["high"].tolist() == [6, 20, 10]
    assert frame["lost"].tolist() == [0, 0, 1]
    assert frame["theory"].tolist() == pytest.approx([3.3, 11, 5.5])
    assert frame["theory_low"].tolist() == pytest.approx([2.7, 9, 4.5])
    assert frame["theory_high"].tolist() == pytest.approx([4.2, 14, 7])


def test_a_share_has_neither_range_nor_theory():
    frame = layer_statistics.against_layer(signal(), "frac_saturated")
    assert (frame["low"] == frame["mean"]).all()
    assert (frame["high"] == frame["mean"]).all()
    assert (frame["lost"] == 0).all()
    assert "theory" not in frame


def ratios(rows):
    """Return made-up ratios for rows of `signal`, each telling its row."""
    told = rows["std"].to_numpy() + rows["layer"].to_numpy() / 10
    return pd.DataFrame({"std": told, "std_low": told - 1, "std_high": told + 1}, index=rows.index)


@pytest.mark.parametrize("baseline", STD)
def test_measured_ratios_are_those_of_pairs_and_theory_has_one_of_its_own(baseline):
    rows = signal()
    before = layer_statistics.against_layer(rows, "std")
    # Rows come in any order.
    mixed = before.sample(frac=1, random_state=0)
    after = layer_statistics.relative(mixed, ratios(rows), "std", baseline)
    for name in STD:
        told = ratios(rows)[rows["configuration"] == name]
        for edge, column in {"mean": "std", "low": "std_low", "high": "std_high"}.items():
            assert own(after, name)[edge].reindex(LAYERS).tolist() == pytest.approx(told[column].tolist())
        expected = STD[name] / np.where(STD[baseline] > 0, STD[baseline], np.nan)
        assert own(after, name)["theory"].reindex(LAYERS).tolist() == pytest.approx(expected.tolist(), nan_ok=True)
    assert after[["theory_low", "theory_high"]].isna().all().all()


def test_what_is_no_number_stays_as_it_is():
    rows = signal()
    before = layer_statistics.against_layer(rows, "std")
    after = layer_statistics.relative(before, ratios(rows), "std", "xavier")
    same = [name for name in before if name not in NUMBERS]
    pd.testing.assert_frame_equal(after[same], before[same])


def test_a_baseline_is_compared_with_itself_seed_by_seed(tmp_path):
    """What seeds have in common is no difference: here they differ by far more than the configurations do."""
    batch = Batch().run()
    for seed, scale in enumerate((1.0, 5.0, 25.0)):
        batch.propagation(rate=scale, backward=scale, seed=seed, init="xavier")
        batch.propagation(rate=1.1 * scale, backward=0.5 * scale, seed=seed, init="kaiming")
    batch.propagation(rate=9.0, seed=7, init="kaiming")
    shape = {"width": 8, "depth": 4, "batch_size": 4, "preprocessing": "none"}
    with store.open(write(tmp_path / "grid.duckdb", batch)) as opened:
        found = opened.signal_ratios(**shape).df().set_index(["init", "layer"])
    assert found.loc["xavier", ["std", "std_low", "std_high", "grad_rms"]].to_numpy() == pytest.approx(1)
    assert found.loc["kaiming", ["std", "std_low", "std_high"]].to_numpy() == pytest.approx(
        np.repeat(1.1 ** np.arange(1, 5)[:, None], 3, axis=1), rel=1e-5
    )
    assert (found["std_seeds"] == 3).all()
    assert found.loc["kaiming", "grad_rms"].tolist() == pytest.approx([0.5**3, 0.5**2, 0.5, 1.0])


@pytest.mark.parametrize(("metric", "theory", "drawn"), [("std", True, True), ("std", False, False)])
def test_theory_is_drawn_where_the_store_has_it(metric, theory, drawn):
    frame = layer_statistics.against_layer(signal(theory), metric)
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
