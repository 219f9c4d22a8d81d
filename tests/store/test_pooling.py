"""No named query averages over an axis as if its values were seeds: whichever axis of whichever study differs.

Two groups of cells differ in one axis alone. Asked about both, a query may give the rows that it gives of each; a row
that it gives of neither is made of both. That is right only where the query says so: it ranks or compares the values of
that axis, or counts the configurations that fell together.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import pytest

from goldilocks.engine.studies import studies
from goldilocks.store import queries
from goldilocks.store.reading.queries import Query
from tests.store.one_axis import COLUMNS, SEEDS, Made, Row, axes_of, two_values

LEVELS = (0.5, 0.75)
# What a row says about the other rows of the answer.
RELATIVE = {"place", "nearest", "first_beats", "stable", "largest_stable", "best"}
AVERAGE = re.compile(r"\b(avg|median|mode|stddev\w*)\(")
AVERAGING = {name: query for name, query in queries.all().items() if AVERAGE.search(query.sql)}


@dataclass(frozen=True)
class Setting:
    """What a query needs to have rows, and what it is about.

    Attributes:
        changes: values of axes that are not the usual ones.
        contrast: axes that it compares or ranks within one row.
        about: other axes whose values it summarizes in one row, as its comment says.
        chooses: axes of whose values it takes one, so that a row may be missing, but not be of two.
        beside: by study that is asked about, what the query compares with or joins: cells that are always there, their
            study and the axes that they cross.
        values: parameters that are not axes.
    """

    changes: dict[str, Any] = field(default_factory=dict)
    contrast: dict[str, tuple] = field(default_factory=dict)
    about: tuple[str, ...] = ()
    chooses: tuple[str, ...] = ()
    beside: dict[str, tuple[str, dict[str, tuple]]] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)


GAUSSIAN = {"dataset": "gaussian", "preprocessing": "raw"}
LECTURE = Setting(GAUSSIAN)
NORMS = ("none", "batch")
PIPELINES = {"preprocessing": ("center", "standardize")}
BASELINE = {"dataset": ("gaussian",), "preprocessing": ("raw",), "init": ("xavier",), "activation": ("tanh",)}
SETTINGS = {
    **dict.fromkeys(
        (
            "lecture_04_too_small",
            "lecture_05_too_big",
            "lecture_07_relu_xavier",
            "lecture_08_kaiming",
            "signal_by_layer",
            "configuration_verdicts",
            "measured_in_plane",
        ),
        LECTURE,
    ),
    "lecture_01_centring": Setting(
        contrast=PIPELINES,
        # A classifier whose deep network was not trained has a row of its own.
        chooses=tuple(COLUMNS),
        beside={"preprocessing": ("training", PIPELINES), "training": ("preprocessing", PIPELINES)},
    ),
    "lecture_01_preprocessing": Setting(about=("lr",)),
    "lecture_06_convolution": Setting({**GAUSSIAN, "network": "conv"}),
    "lecture_09_batch_norm": Setting({"norm": "batch"}),
    "lecture_10_depth_with_batch_norm": Setting(contrast={"norm": NORMS}, about=("init",)),
    "lecture_11_gradient_flow": Setting(GAUSSIAN, about=("init",)),
    "lecture_12_by_rate": Setting(contrast={"norm": NORMS}),
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
    # A scheme has the rate and the number of updates that suit it.
    "lecture_17_pretrained": Setting(
        contrast={"per_class": (5, 100), "scheme": ("scratch", "last_layer", "fine_tune")}, about=("lr", "steps")
    ),
    "lecture_17_transfer": Setting(contrast={"scheme": ("scratch", "last_layer")}),
    "assignment_2_batch_size": Setting({"optimizer": "adam"}),
    "assignment_2_weight_scale": Setting({"optimizer": "adam", "init": "normal(std=0.5)"}),
    # The one shape that is nearest.
    "layers_of_configuration": Setting(
        GAUSSIAN, chooses=("network", "dataset", "preprocessing", "depth", "width", "batch_size")
    ),
    # Of several shapes the deepest.
    "outlook_at_depth": Setting({"depth": 4}, chooses=("depth", "batch_size", "dataset", "preprocessing")),
    "signal_ratios": Setting(GAUSSIAN, beside={"propagation": ("propagation", BASELINE)}),
    "what_trains": Setting(values={"depth": 2, "width": 8}),
    "order_and_chaos": Setting(about=("init",)),
    # It ranks them, and says of each how it compares with the first.
    "recommendation": Setting(about=("init", "norm", "optimizer", "lr")),
    "diagnosis_ranking": Setting(about=("init",)),
    # What is diagnosed under one name is one network; of a trained one it takes the best optimizer and learning rate.
    "trained_near_diagnosed": Setting(
        chooses=tuple(COLUMNS),
        beside={"training": ("diagnosis", {}), "diagnosis": ("training", {})},
        values={"farthest": 1e6, "most": 10**6},
    ),
    "learning_rate_sweep": Setting(contrast={"lr": (0.1, 0.5)}),
}  # fmt: skip


@pytest.fixture(scope="module")
def made() -> Made:
    """One database for all that is asked, filled in one go."""
    found = Made()
    for query in AVERAGING.values():
        for study in asked_about(query):
            Comparison(found, query, study).ids()
    return found


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


def shown(row: Row) -> str:
    return repr({name: _rounded(value) for name, value in sorted(row.items()) if name not in RELATIVE})


def _rounded(value: Any) -> Any:
    return round(value, 4) if isinstance(value, float) else value


@dataclass(frozen=True)
class Comparison:
    """A query about cells on the usual values of a study, and for each axis about those with another value there."""

    made: Made
    query: Query
    study: str
    # The axes in question; None for all.
    axes: tuple[str, ...] | None = None

    def mixed(self) -> dict[str, str] | None:
        """Return the axes that are averaged over, each with a row that shows it; None where the query has no rows.

        Such a row belongs to neither of two values, or to one of them and is not there when both are asked about.
        """
        usual, others = self.ids()
        before = self._rows(usual)
        if not before:
            return None
        # All other values measure the same, so a mean over some of them shows by the usual value in it.
        every = [cell_id for ids in others.values() for cell_id in ids]
        if self._wrong(before, usual, every) is None:
            return {}
        found = {axis: self._wrong(before, usual, ids, axis) for axis, ids in others.items()}
        return {axis: row for axis, row in found.items() if row is not None}

    def ids(self) -> tuple[list[str], dict[str, list[str]]]:
        """Return the ids of the usual cells, and of those with another value on an axis, by axis."""
        return self._ids(LEVELS[0]), self._others()

    @property
    def _setting(self) -> Setting:
        return SETTINGS.get(self.query.name, Setting())

    def _wrong(self, before: set[str], usual: list[str], others: list[str], axis: str = "") -> str | None:
        alone, together = before | self._rows(others), self._rows(usual + others)
        # Where the query counts configurations, those that fell together are no longer alone.
        may_lack = "configurations" in self.query.sql or axis in self._setting.chooses
        return next(iter(together - alone or (set() if may_lack else alone - together)), None)

    def _others(self) -> dict[str, list[str]]:
        changes, found = self._setting.changes, {}
        for axis in axes_of(self.study) if self.axes is None else self.axes:
            if axis not in self._setting.contrast and axis not in self._setting.about:
                pair = two_values(self.study, axis)
                value = pair[0] if pair[1] == changes.get(axis) else pair[1]
                found[axis] = self._ids(LEVELS[1], {axis: value})
        return found

    def _ids(self, level: float, other: dict[str, Any] | None = None) -> list[str]:
        return self.made.ids(self.study, self._setting.contrast, {**self._setting.changes, **(other or {})}, level)

    @cached_property
    def _beside(self) -> list[str]:
        study, crossed = self._setting.beside.get(self.study, ("", {}))
        return self.made.ids(study, crossed, {}, LEVELS[0]) if study else []

    @cached_property
    def _values(self) -> Row:
        return values_of(self.query, self.study, self._setting)

    def _rows(self, ids: list[str]) -> set[str]:
        self.made.choose(ids + self._beside)
        rows = self.made.ask(self.query.sql, self._values)
        return {shown(row) for row in rows if row.get("configurations", 1) == 1}


def asked_about(query: Query) -> list[str]:
    """Return the studies that can have rows: the one that the query names, or all."""
    named = re.findall(r"study = '(\w+)'", query.sql)
    named += re.findall(r"'(\w+)'", " ".join(re.findall(r"study IN \((.*?)\)", query.sql)))
    named = named or ["propagation", "diagnosis"] * ("signal_rates" in query.sql)
    return named or [study.name for study in studies]


def compared(made: Made, query: Query) -> dict[tuple[str, str], str]:
    """Return the mixed rows by study and axis; fails where no study gives the query anything to average."""
    found = {study: Comparison(made, query, study).mixed() for study in asked_about(query)}
    assert any(mixed is not None for mixed in found.values()), "no study gives it anything to average"
    return {(study, axis): row for study, mixed in found.items() for axis, row in (mixed or {}).items()}


@pytest.mark.parametrize("query", AVERAGING.values(), ids=AVERAGING.keys())
def test_it_pools_no_axis(made, query):
    assert compared(made, query) == {}


def test_seeds_are_those_of_one_configuration(made):
    """Two rates × two numbers of epochs × two seeds are four configurations, not eight seeds of one."""
    query = queries.get("quantity_over_seeds")
    made.choose(made.ids("discrepancy", {"lr_per_example": (0.001, 0.01), "epochs": (9, 10)}, {}, LEVELS[0]))
    rows = made.ask(query.sql, query.bind({"study": "discrepancy", "quantity": "anything"}))
    assert [row["seeds"] for row in rows] == [len(SEEDS)] * 4
    assert [dict(row["study_axes"])["epochs"] for row in rows] == ["9", "10"] * 2


def test_pooling_is_noticed(made):
    """A query that forgets the axes of the studies gives rows that belong to neither value, for each of them."""
    query = queries.get("quantity_over_seeds")
    sql = re.sub(r",\s*study_axes\b", "", re.sub(r"\[\(try_cast.*?\]", "part", query.sql))
    forgetful = replace(query, sql=sql)
    for study in studies:
        own = tuple(axis for axis in axes_of(study.name) if axis not in COLUMNS)
        if own:
            assert Comparison(made, forgetful, study.name, own).mixed().keys() == set(own)
