"""One meaning of the word "trains": every query that counts networks that train counts the same ones."""

from __future__ import annotations

import re

import pytest

from goldilocks import store
from goldilocks.store import queries
from tests.store.builder import Batch, write

# How a network ends, the accuracy of guessing on its data, and whether it trains.
CASES = (
    ({"learns": 0.95}, None, True),
    ({"learns": 0.55}, None, True),
    ({"learns": 0.54}, None, False),
    ({"learns": 0.1}, None, False),
    ({"learns": 0.55}, 0.5, False),
    ({"learns": 0.76}, 0.5, True),
    ({"learns": 0.56}, 0.103, True),
    ({"learns": 0.94}, 0.9, False),
    ({"learns": 0.96}, 0.9, True),
    # What was reached on the way does not count when the end is lost.
    ({"learns": 1.0, "diverges_at": 20}, None, False),
    ({"learns": 1.0, "diverges_at": 20}, 0.5, False),
    # A loss that was not finite once, although the last accuracy is.
    ({"learns": 1.0, "status": "diverged", "diverged_at_step": 10}, None, False),
)
SHAPE = {"width": 64, "batch_size": 64, "steps": 200, "depth": 20, "preprocessing": "standardize"}


@pytest.fixture(scope="module")
def judged(tmp_path_factory):
    batch, expected = Batch().run(), {}
    for seed, (end, chance, trains) in enumerate(CASES):
        cell = batch.training(**end, chance=chance, seed=seed, init="kaiming", activation="relu", **SHAPE)
        expected[cell] = trains
    opened = store.open(write(tmp_path_factory.mktemp("trains") / "grid.duckdb", batch))
    yield opened, expected
    opened.close()


def test_a_network_trains_when_it_ends_far_enough_from_guessing(judged):
    opened, expected = judged
    assert dict(opened.query("SELECT cell_id, trains FROM outcomes").fetchall()) == expected


def test_every_query_counts_the_same_networks(judged):
    opened, expected = judged
    share = sum(expected.values()) / len(expected)
    counted = {}
    wanted = {"init": "kaiming", "activation": "relu", "depth": 20, "x": "depth", "y": "init"} | SHAPE
    for name, query in queries.all().items():
        required = {one.name for one in query.parameters if one.default is queries.REQUIRED}
        # One is about networks like one that was diagnosed.
        if "share_that_train" not in query.sql or required - wanted.keys():
            continue
        values = {key: value for key, value in wanted.items() if key in {one.name for one in query.parameters}}
        rows = opened.named(name, **values).df()
        if len(rows):
            counted[name] = rows["share_that_train"].tolist()
    assert len(counted) >= 5
    assert counted == {name: [pytest.approx(share)] for name in counted}


def test_no_query_has_a_meaning_of_its_own():
    """No accuracy of its own that counts as trained, neither a default nor a number written into a query."""
    for query in queries.all().values():
        assert not [one for one in query.parameters if "trained" in one.meaning]
        if "share_that_train" in query.sql or "that train" in query.title:
            meanings = re.findall(
                r"steps_to_90\) / count|final_test_accuracy >= *[\d$]|\baccuracy >= *[\d$]", query.sql
            )
            assert not meanings, query.name


def test_l12_and_l13_count_them_as_well(tmp_path):
    """The largest rate and the scales that train are those of networks that train."""
    batch = Batch().run()
    for place, (end, chance, _) in enumerate(CASES):
        batch.training(**end, chance=chance, lr=2.0**place, init="kaiming", activation="relu", optimizer="sgd", **SHAPE)
        batch.training(
            **end, chance=chance, init=f"normal(std={2.0**place})", activation="relu", **(SHAPE | {"depth": 5})
        )
    trains = [2.0**place for place, case in enumerate(CASES) if case[-1]]
    with store.open(write(tmp_path / "grid.duckdb", batch)) as opened:
        rates = opened.lecture_12_learning_rates().df()
        scales = opened.lecture_13_weight_scale().df()
    assert rates["largest_rate"].tolist() == [max(trains)]
    assert (scales["trained"].tolist(), scales["smallest_scale"].tolist()) == ([len(trains)], [min(trains)])


def test_the_definition_travels_with_the_store(judged):
    opened, _ = judged
    numbers = dict(opened.query("SELECT name, value FROM thresholds").fetchall())
    assert (numbers["trains"], numbers["chance"]) == (0.5, 0.1)
    (comment,) = opened.query(
        "SELECT comment FROM duckdb_columns() WHERE table_name = 'outcomes' AND column_name = 'trains'"
    ).fetchall()[0]
    assert "threshold trains" in comment
