"""No named query averages over an axis as if its values were seeds: whichever axis of whichever study differs.

Two groups of cells differ in one axis alone. Asked about both, a query may give the rows that it gives of each; a row
that it gives of neither is made of both. That is right only where the query says so: it ranks or compares the values of
that axis, or counts the configurations that fell together.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import pytest

from engine.studies import studies
from store import queries
from store.queries import Query
from tests.store.one_axis import COLUMNS, SEEDS, Made, Row, axes_of, two_values

LEVELS = (0.5, 0.75)
# What a row says about the other rows of the answer.
RELATIVE = {"place", "first_beats", "stable", "largest_stable", "best"}
AVERAGE = re.compile(r"\b(avg|median|mode|stddev\w*)\(")
# Not asked here: they need results that these made-up cells lack, and have rows in their oracles only.
ELSEWHERE = {"lecture_01_centring", "lecture_12_by_rate", "outlook_at_depth", "signal_ratios", "what_trains"}
AVERAGING = {
    name: query for name, query in queries.all().items() if AVERAGE.search(query.sql) and name not in ELSEWHERE
}


@dataclass(frozen=True)
class Setting:
    """What a query needs to have rows, and what it is about.

    Attributes:
        changes: values of axes that are not the usual ones.
        contrast: axes that it compares or ranks within one row.
        about: other axes whose values it summarizes in one row, as its comment says.
        values: parameters that are not axes.
    """

    changes: dict[str, Any] = field(default_factory=dict)
    contrast: dict[str, tuple] = field(default_factory=dict)
    about: tuple[str, ...] = ()
    values: dict[str, Any] = field(default_factory=dict)


GAUSSIAN = {"dataset": "gaussian", "preprocessing": "raw"}
LECTURE = Setting(GAUSSIAN)
NORMS = ("none", "batch")
SETTINGS = {
    **dict.fromkeys(
        (
            "lecture_04_too_small",
            "lecture_05_too_big",
            "lecture_07_relu_xavier",
            "lecture_08_kaiming",
            "signal_by_layer",
            "configuration_verdicts",
        ),
        LECTURE,
    ),
    "lecture_01_preprocessing": Setting(about=("lr",)),
    "lecture_06_convolution": Setting({**GAUSSIAN, "network": "conv"}),
    "lecture_09_batch_norm": Setting({"norm": "batch"}),
    "lecture_10_depth_with_batch_norm": Setting(about=("init",)),
    "lecture_11_gradient_flow": Setting(GAUSSIAN, about=("init",)),
    "lecture_12_learning_rates": Setting(about=("lr",), values={"rates": 1}),
    "lecture_13_weight_scale": Setting(
        contrast={"init": ("normal(std=0.5)", "normal(std=1)", "normal(std=2)", "normal(std=4)")}
    ),
    "lecture_14_claims": Setting(contrast={"norm": NORMS, "batch_size": (8, 32, 128)}),
    "lecture_14_regularization": Setting(contrast={"norm": NORMS}),
    "lecture_16_train_and_test": Setting({"norm": "batch"}),
    "lecture_17_claims": Setting(
        contrast={"dataset": ("fashion-target", "digits-28"), "per_class": (5, 100),
                  "scheme": ("scratch", "last_layer", "dense_layers", "fine_tune")}
    ),
    "lecture_17_transfer": Setting(contrast={"scheme": ("scratch", "last_layer")}),
    "assignment_2_batch_size": Setting({"optimizer": "adam"}),
    "assignment_2_weight_scale": Setting({"optimizer": "adam", "init": "normal(std=0.5)"}),
    # It chooses the one shape that is nearest.
    "layers_of_configuration": Setting(
        GAUSSIAN, about=("network", "dataset", "preprocessing", "depth", "width", "batch_size")
    ),
    "order_and_chaos": Setting(about=("init",)),
    "depth_trainability": Setting(about=("lr",)),
    # It ranks them, and says of each how it compares with the first.
    "recommendation": Setting(about=("init", "norm", "optimizer", "lr")),
    "learning_rate_sweep": Setting(contrast={"lr": (0.1, 0.5)}),
}  # fmt: skip


@pytest.fixture(scope="module")
def made() -> Callable[[str], Made]:
    """One database per study, made when it is asked about."""
    return cache(Made)


def values_of(query: Query, study: str, setting: Setting) -> Row:
    """Return values for the parameters of a query: of axes, so that the usual cells are among what it asks about."""
    usual = {axis: pair[0] for axis, pair in COLUMNS.items()} | setting.changes
    special = {"study": study, "quantity": "anything"} | setting.values
    found = {}
    for parameter in query.parameters:
        axis, name = parameter.name, parameter.name
        if name in special:
            found[name] = special[name]
        elif parameter.default is None:
            found[name] = None
        elif axis in usual:
            found[name] = usual[axis]
        elif axis.removesuffix("s") in usual:
            pair = COLUMNS[axis.removesuffix("s")]
            found[name] = [usual[axis.removesuffix("s")], *pair]
    return query.bind(found)


def rows_of(made: Made, query: Query, values: Row, ids: list[str]) -> list[Row]:
    made.choose(ids)
    return made.ask(query.sql, values)


def shown(row: Row) -> str:
    return repr({name: _rounded(value) for name, value in sorted(row.items()) if name not in RELATIVE})


def _rounded(value: Any) -> Any:
    return round(value, 4) if isinstance(value, float) else value


@dataclass(frozen=True)
class Comparison:
    """A query about cells on the usual values of a study, and for each axis about those with another value there."""

    made: Made
    query: Query
    setting: Setting
    values: Row

    def mixed(self) -> dict[str, str] | None:
        """Return the axes that are averaged over, each with a row that shows it; None where the query has no rows.

        Such a row belongs to neither of two values, or to one of them and is not there when both are asked about.
        """
        usual = self.made.ids(self.setting.contrast, self.setting.changes, LEVELS[0])
        before = self._rows(usual)
        if not before:
            return None
        others = self._others()
        alone = {axis: before | self._rows(ids) for axis, ids in others.items()}
        together = self._rows(usual + [cell_id for ids in others.values() for cell_id in ids])
        if self._wrong(together, set().union(*alone.values())) is None:
            return {}
        found = {axis: self._wrong(self._rows(usual + ids), alone[axis]) for axis, ids in others.items()}
        return {axis: row for axis, row in found.items() if row is not None}

    def _wrong(self, together: set[str], alone: set[str]) -> str | None:
        # Where the query counts configurations, those that fell together are no longer alone.
        counted = "configurations" in self.query.sql
        return next(iter(together - alone or (set() if counted else alone - together)), None)

    def _others(self) -> dict[str, list[str]]:
        changes, contrast = self.setting.changes, self.setting.contrast
        found = {}
        for axis in axes_of(self.made.study):
            if axis not in contrast and axis not in self.setting.about:
                pair = two_values(self.made.study, axis)
                value = pair[0] if pair[1] == changes.get(axis) else pair[1]
                found[axis] = self.made.ids(contrast, {**changes, axis: value}, LEVELS[1])
        return found

    def _rows(self, ids: list[str]) -> set[str]:
        rows = rows_of(self.made, self.query, self.values, ids)
        return {shown(row) for row in rows if row.get("configurations", 1) == 1}


def asked_about(query: Query) -> list[str]:
    """Return the studies that can have rows: the one that the query names, or all."""
    named = re.findall(r"study = '(\w+)'", query.sql) or ["propagation"] * ("signal_rates" in query.sql)
    return named or [study.name for study in studies]


def compared(made: Callable[[str], Made], query: Query) -> dict[tuple[str, str], str]:
    """Return the mixed rows by study and axis; fails where no study gives the query anything to average."""
    setting = SETTINGS.get(query.name, Setting())
    found = {
        study: Comparison(made(study), query, setting, values_of(query, study, setting)).mixed()
        for study in asked_about(query)
    }
    assert any(mixed is not None for mixed in found.values()), "no study gives it anything to average"
    return {(study, axis): row for study, mixed in found.items() for axis, row in (mixed or {}).items()}


@pytest.mark.parametrize("query", AVERAGING.values(), ids=AVERAGING.keys())
def test_it_pools_no_axis(made, query):
    assert compared(made, query) == {}


def test_seeds_are_those_of_one_configuration(made):
    """Two rates × two numbers of epochs × two seeds are four configurations, not eight seeds of one."""
    query, cells = queries.get("quantity_over_seeds"), made("discrepancy")
    cells.choose(cells.ids({"lr_per_example": (0.001, 0.01), "epochs": (9, 10)}, {}, LEVELS[0]))
    rows = cells.ask(query.sql, query.bind({"study": "discrepancy", "quantity": "anything"}))
    assert [row["seeds"] for row in rows] == [len(SEEDS)] * 4
    assert [dict(row["study_axes"])["epochs"] for row in rows] == ["9", "10"] * 2


def test_pooling_is_noticed(made):
    """A query that forgets the axes of the studies gives rows that belong to neither value, for each of them."""
    query = queries.get("quantity_over_seeds")
    sql = re.sub(r",\s*study_axes\b", "", re.sub(r"\[\(try_cast.*?\]", "part", query.sql))
    forgetful = replace(query, sql=sql)
    every = {(study.name, axis) for study in studies for axis in axes_of(study.name) if axis not in COLUMNS}
    assert compared(made, forgetful).keys() == every
