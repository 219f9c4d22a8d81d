"""Rates and factors in words, and the thresholds beside every verdict."""

import math
from types import SimpleNamespace

import pytest

from goldilocks import store
from goldilocks.dashboard import verdicts
from tests.dashboard.opening import open_page, words


@pytest.mark.parametrize(
    ("rate", "verdict", "said"),
    [
        (0.5, "too small", "×0.5 per layer"),
        (math.nan, "diverged", "overflows"),
        (math.nan, "too big", "overflows"),
        (math.nan, None, verdicts.NONE),
        (math.nan, "symmetric", verdicts.NONE),
    ],
)
def test_only_what_diverged_overflows(rate, verdict, said):
    assert verdicts.rate(rate, verdict) == said


@pytest.mark.parametrize(
    ("rate", "factor", "verdict", "said"),
    [
        (0.9, 0.4, "just right", "×0.9 per layer (×0.4 in all)"),
        (1.2, 5000.0, "too big", "×1.2 per layer (×5,000 in all)"),
        (math.nan, math.nan, "diverged", "overflows"),
        (None, None, None, verdicts.NONE),
    ],
)
def test_growth_is_told_per_layer_and_in_all(rate, factor, verdict, said):
    found = SimpleNamespace(forward_rate=rate, forward_factor=factor, verdict=verdict, backward_rate=7.0)
    assert verdicts.growth(found, "forward") == said


# Every page that shows verdicts.
JUDGING = {
    "activation_statistics": {},
    "lecture": {},
    "trainability_map": {"map_metric": "Share of seeds just right, untrained"},
}


@pytest.mark.parametrize("page", JUDGING)
def test_the_thresholds_stand_beside_the_verdicts(page, filled_store, monkeypatch):
    shown = words(open_page(page, filled_store, monkeypatch, **JUDGING[page]))
    with store.open(filled_store) as handle:
        limits = dict(handle.query("SELECT name, value FROM thresholds").fetchall())
    for name in ("too_big", "too_small", "factor_too_big", "factor_too_small"):
        assert f"×{limits[name]:g}" in shown, name


def test_the_rows_of_the_lecture_that_judge_say_what_decides(filled_store, monkeypatch):
    chapter = {"lecture_chapter": "L4–L8 Initialization", "lecture_answers": "true"}
    shown = words(open_page("lecture", filled_store, monkeypatch, **chapter))
    # The opening, L4, L5, L6, L7 and L8.
    assert shown.count("over the whole depth") >= 6
