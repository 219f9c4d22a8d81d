"""How the axis of a quantity is chosen."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from goldilocks import store
from goldilocks.dashboard import cell_filters, quantities
from goldilocks.dashboard.interval import BANDS
from goldilocks.dashboard.members import members
from goldilocks.dashboard.quantities import QuantityPlot
from tests.dashboard.test_charts import table


def named(*means):
    return pd.DataFrame({"mean": means, "low": np.array(means) - 0.1, "high": np.array(means) + 0.1})


@pytest.mark.parametrize(
    ("means", "zero"),
    [((1.0, 1.08), False), ((0.1, 1.0), True), ((-1.0, 1.0), True), ((np.nan, np.inf), True), ((0.0, 0.0), True)],
)
def test_an_axis_starts_at_zero_unless_all_is_far_above_it(means, zero):
    assert quantities._from_zero(named(*means)) is zero


def test_a_share_stays_one_where_its_interval_reaches_beyond():
    assert quantities._is_share(named(0.5, 0.99), "Test accuracy")
    assert not quantities._is_share(named(0.5, 1.01), "Test accuracy")
    assert not quantities._is_share(named(0.5, 0.99), "Loss")


@pytest.mark.parametrize(
    ("parts", "said"),
    [(["layer 1", "layer 2"], "Layer"), (["scratch", "fine_tune"], "Scheme"), (["layer 1", "all"], "Scheme")],
)
def test_parts_are_called_what_they_are(parts, said):
    assert quantities._parts_are(QuantityPlot("any", "any", part="Scheme"), pd.DataFrame({"part": parts})) == said


def test_what_all_parts_end_in_is_not_repeated(transferred_store, monkeypatch):
    monkeypatch.setenv("GOLDILOCKS_STORE", str(transferred_store))
    with store.open() as opened:
        parts = opened.named("quantity_parts", study="transfer", quantity="layer_shift").df()["part"]
    ending = f", {parts.iloc[0].partition(', ')[2]}"
    wanted = tuple(parts[parts.str.endswith(ending)])
    figure = quantities.figure(QuantityPlot("transfer", "layer_shift", parts=wanted, ending=ending))
    assert set(figure.chart.data["rows"]["part"]) == {members().part(part.partition(", ")[0]) for part in wanted}


def test_ranges_of_a_study_are_called_what_they_are(studied_store, monkeypatch):
    monkeypatch.setenv("GOLDILOCKS_STORE", str(studied_store))
    asked = QuantityPlot("preprocessing", "perturbed_loss", x="position", colour="preprocessing", parts=("mean",))
    own = replace(asked, ends=("low", "high"))
    of_directions, of_seeds = quantities.figure(own), quantities.figure(asked)
    assert quantities.OF_DIRECTIONS in of_directions.note
    assert "of the seeds" not in of_directions.note
    assert f"mean ({quantities.OF_DIRECTIONS})" in table(of_directions.chart)
    assert quantities.OF_DIRECTIONS not in of_seeds.note + json.dumps(of_seeds.chart.spec)
    # Also where another band is asked for, the ranges are those of the study.
    for band in BANDS:
        ends = quantities.figure(replace(own, band=band)).chart.data["rows"].set_index(["configuration", "position"])
        for part in ("low", "high"):
            alone = (
                quantities.figure(replace(asked, parts=(part,)))
                .chart.data["rows"]
                .set_index(["configuration", "position"])
            )
            pd.testing.assert_series_equal(ends[part].sort_index(), alone["mean"].sort_index(), check_names=False)


def test_the_ranges_of_directions_hold_what_they_are_said_to_hold():
    from goldilocks.engine.studies.preprocessing import RANGE

    assert f"{RANGE['high'] - RANGE['low']:.0%}".replace("%", " %") in quantities.OF_DIRECTIONS


@pytest.mark.parametrize(("seeds", "said"), [(1, "one seed"), (3, "3 seeds")])
def test_the_sentence_below_a_figure_says_what_its_band_is(seeds, said):
    for band, name in BANDS.items():
        assert (f"band: {name}." in quantities._sentence("a loss", seeds, band, False)) == (seeds > 1)
        assert said in quantities._sentence("a loss", seeds, band, True)
        assert name not in quantities._sentence("a loss", seeds, band, True)


@pytest.mark.parametrize("band", BANDS)
def test_a_pointer_is_told_which_band_is_drawn(band, transferred_store, monkeypatch):
    monkeypatch.setenv("GOLDILOCKS_STORE", str(transferred_store))
    figure = quantities.figure(QuantityPlot("transfer", "transfer_accuracy", band=band))
    assert (figure.chart.data["rows"]["low"] < figure.chart.data["rows"]["high"]).any()
    assert f"mean ({BANDS[band]})" in table(figure.chart)
    # And of each line its ends.
    assert "format(datum.low" in json.dumps(figure.chart.spec)


def test_what_a_study_lacks_is_not_told(studied_store, monkeypatch):
    said = []
    monkeypatch.setenv("GOLDILOCKS_STORE", str(studied_store))
    monkeypatch.setattr(cell_filters.st, "caption", said.append)
    cell_filters.cells("preprocessing", "prep", {}, main=())
    assert said
    assert "0 layers" not in said[0]
    assert "width 0" not in said[0]


def curves(**means):
    steps = range(3)
    rows = [(name, step, mean) for name, line in means.items() for step, mean in zip(steps, line, strict=True)]
    return pd.DataFrame(rows, columns=["configuration", "position", "mean"])


@pytest.mark.parametrize(
    ("means", "logarithmic", "below"),
    [
        ({"center": (1.0, 2.0, 3.0), "pca": (1.0, 2.0, 3.0), "raw": (9.0, 9.0, 9.0)}, False, {"center"}),
        ({"center": (1.0, 2.0, 3.0), "pca": (1.0, 2.0, 4.0), "raw": (9.0, 9.0, 9.0)}, False, set()),
        ({"center": (1e-6, 1e-3, 1.0), "pca": (1.01e-6, 1e-3, 1.0)}, True, {"center"}),
        ({"center": (1.0, 0.0, 0.0), "pca": (1.0, 1e-3, 1e-6)}, True, set()),
        ({"center": (np.nan, np.inf, np.nan), "pca": (np.nan, np.inf, np.nan)}, False, set()),
    ],
)
def test_a_line_below_another_one_is_found_so_that_it_can_be_made_thicker(means, logarithmic, below):
    assert quantities._hidden(curves(**means), "position", [], logarithmic) == below


def test_rounding_is_drawn_as_zero_and_told_as_it_is():
    found, some = quantities._without_rounding(curves(whiten=(1.0, 1e-20, 1e-31), raw=(1.0, 0.5, 1e-9)), 1e-12)
    assert some
    assert list(found["mean"]) == [1.0, 0.0, 0.0, 1.0, 0.5, 1e-9]
    assert list(found["measured"]) == [1.0, 1e-20, 1e-31, 1.0, 0.5, 1e-9]
    assert not quantities._without_rounding(curves(raw=(1.0, 1e-31, 0.0)), 0.0)[1]


def test_rounding_does_not_stretch_the_axis_of_gradient_descent(studied_store, monkeypatch):
    monkeypatch.setenv("GOLDILOCKS_STORE", str(studied_store))
    part = quantities.parts("preprocessing", "excess_loss")[0]
    asked = QuantityPlot("preprocessing", "excess_loss", x="position", colour="preprocessing", parts=(part,))
    least = lambda figure: figure.chart.data["rows"].query("mean > 0")["mean"].min()
    figure = quantities.figure(replace(asked, resolution=1e-12))
    assert least(quantities.figure(asked)) < 1e-20 < 1e-14 < least(figure)
    assert "10⁻¹² of the largest value is rounding" in figure.note


def test_schemes_of_transfer_have_names_and_colours_and_an_axis_that_fits(transferred_store, monkeypatch):
    monkeypatch.setenv("GOLDILOCKS_STORE", str(transferred_store))
    asked = QuantityPlot("transfer", "transfer_accuracy", x="position", colour="part", panels="dataset")
    figure = quantities.figure(replace(asked, fitted=True))
    drawn = json.dumps(figure.chart.to_dict())
    assert '"New last layer"' in drawn
    assert "last_layer" not in drawn
    paint = members().paint
    assert [paint.colour(name) for name in ("New last layer", "Fine-tuning, 5 per class")] == [
        paint.fixed["last_layer"], paint.fixed["fine_tune"]
    ]  # fmt: skip
    assert "domainMax" in json.dumps(quantities.figure(asked).chart.to_dict())
    assert "domainMax" not in drawn
