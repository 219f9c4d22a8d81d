"""Made-up cells of a study in which one axis differs beside the seed, and a database to ask about some of them.

The values that the cells measure depend on the value of that axis alone, so that seeds agree and whoever averages over
the axis gives a number that none of the cells has.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any, get_args

import pyarrow as pa
from pydantic.fields import FieldInfo

from goldilocks.engine.scheme import Scheme
from goldilocks.engine.studies import studies
from goldilocks.store import tables
from goldilocks.store.schema import migrate, study_axes

SEEDS = (0, 1)
COLUMNS: dict[str, tuple[Any, Any]] = {
    "network": ("mlp", "conv"),
    "dataset": ("digits", "cloud"),
    "preprocessing": ("standardize", "raw"),
    "init": ("kaiming", "xavier"),
    "activation": ("relu", "tanh"),
    "norm": ("none", "batch"),
    "depth": (2, 4),
    "width": (8, 16),
    "batch_size": (4, 8),
    "optimizer": ("sgd", "adam"),
    "lr": (0.1, 0.5),
    "steps": (20, 10),
}
TAPS = ("pre", "act", "grad")
# What guessing gives: so little that every cell counts as trained.
CHANCE = 0.0
LOGGED = (0, 10, 20)
# Axes of which the digest in the name of the network is made.
FOLLOWING = {"diagnosis": ("structure", "source", "weights", "inputs", "classes", "loss", "formats")}
Row = dict[str, Any]
Axes = Mapping[str, Any]


def axes_of(study: str) -> list[str]:
    """Return the axes of a study beside the seed, as its file declares them, that can differ alone."""
    return [axis for axis in studies[study].cell.model_fields if axis not in ("seed", *FOLLOWING.get(study, ()))]


def two_values(study: str, axis: str) -> tuple[Any, Any]:
    """Return two values of an axis as they stand in a spec."""
    return COLUMNS.get(axis) or _two_values(studies[study].cell.model_fields[axis])


def _two_values(field: FieldInfo) -> tuple[Any, Any]:
    if isinstance(field.annotation, type) and issubclass(field.annotation, Scheme):
        return {"name": "one"}, {"name": "two"}
    if field.annotation is str:
        return "one", "two"
    if field.annotation is bool:
        return False, True
    if field.annotation in (int, float):
        # As texts they stand in the other order.
        return 9, 10
    first, second, *_ = get_args(field.annotation)
    return first, second


def usual(study: str, changes: Axes | None = None) -> Row:
    """Return a value on each axis of a study: the first of two, unless it is named."""
    return {axis: two_values(study, axis)[0] for axis in axes_of(study)} | {
        axis: value for axis, value in (changes or {}).items() if axis in axes_of(study)
    }


class Made:
    """A database in memory whose cells can be chosen anew for each question."""

    def __init__(self) -> None:
        self.connection = migrate.empty()
        self.connection.execute("SET threads = 1")
        self.connection.execute("INSERT INTO runs (run_id, grid, status) VALUES ('run', 'made', 'done')")
        self.connection.execute("CREATE TABLE everything AS FROM cells")
        self.connection.execute("CREATE TABLE chosen (cell_id VARCHAR)")
        self.connection.execute("DROP TABLE cells")
        self.connection.execute("CREATE VIEW cells AS FROM everything SEMI JOIN chosen USING (cell_id)")
        self._numbers: dict[str, int] = {}
        self._due: dict[str, tuple[Row, float]] = {}

    def ids(self, study: str, contrast: Mapping[str, tuple], changes: Axes, level: float) -> list[str]:
        """Return the ids of the cells that cross some axes and the seeds; those that do not exist are made when chosen.

        Args:
            study: the study of the cells.
            contrast: values of the axes that are crossed.
            changes: values of other axes that are not the usual ones.
            level: what all they measure follows from.
        """
        found = []
        for values in product(*contrast.values()):
            axes = usual(study, {**changes, **dict(zip(contrast, values, strict=True))})
            places = (place.index(value) for place, value in zip(contrast.values(), values, strict=True))
            share = level + 0.01 * sum(places)
            for seed in SEEDS:
                spec = {"study": study} | axes | {"seed": seed}
                text = f"{json.dumps(spec, sort_keys=True)} {share}"
                if text not in self._numbers:
                    self._numbers[text] = len(self._numbers)
                    self._due[f"{self._numbers[text]}"] = spec, share
                found.append(f"{self._numbers[text]}")
        return found

    def choose(self, ids: list[str]) -> None:
        """Let these be all cells of the database."""
        if self._due:
            self._insert(self._due)
            self._due = {}
        self.connection.execute("DELETE FROM chosen")
        self.connection.execute("INSERT INTO chosen SELECT unnest($ids)", {"ids": ids})

    def ask(self, sql: str, values: Mapping[str, Any]) -> list[Row]:
        """Return the rows of a query."""
        # A relation would be planned twice, and planning is most of what a query on so few rows takes.
        asked = self.connection.execute(sql, dict(values) or None)
        names = [name for name, *_ in asked.description or ()]
        return [dict(zip(names, row, strict=True)) for row in asked.fetchall()]

    def _insert(self, cells: Mapping[str, tuple[Row, float]]) -> None:
        rows: dict[str, list[Row]] = {
            "cells": [],
            "layers": [],
            "layer_histograms": [],
            "curves": [],
            "measurements": [],
            "diagnoses": [],
            "sites": [],
            "taps": [],
            "findings": [],
        }
        for cell_id, (spec, level) in cells.items():
            known = {name: value for name, value in spec.items() if name in study_axes.COLUMNS}
            known |= {
                "cell_id": cell_id,
                "run_id": "run",
                "status": "done",
                "seconds": level,
                "chance": CHANCE,
                "spec": json.dumps(spec),
            }
            rows["cells"].append(dict.fromkeys(tables.schema("cells").names) | known)
            rows["layers"] += _layers(cell_id, spec["depth"], level)
            rows["layer_histograms"] += _histograms(cell_id, spec["depth"], level)
            rows["curves"] += _curves(cell_id, level)
            rows["measurements"] += _numbers(cell_id, spec, level)
            if spec["study"] == "diagnosis":
                rows["diagnoses"].append(_about(cell_id))
                rows["sites"] += _sites(cell_id, spec["depth"])
                rows["taps"] += _taps(cell_id, spec["depth"], level)
                rows["findings"].append(_finding(cell_id, level))
        for name, made in rows.items():
            self.connection.register("given", pa.Table.from_pylist(made, schema=tables.schema(name)))
            place, computed = ("everything", f", {study_axes.COMPUTED}") if name == "cells" else (name, "")
            self.connection.execute(f"INSERT INTO {place} BY NAME SELECT *{computed} FROM given")
            self.connection.unregister("given")


def _layers(cell_id: str, depth: int, level: float) -> Iterator[Row]:
    names = [name for name in tables.schema("layers").names if name not in ("cell_id", "layer")]
    for layer in range(1, depth + 1):
        yield {"cell_id": cell_id, "layer": layer, **dict.fromkeys(names, level**layer)}


def _histograms(cell_id: str, depth: int, level: float) -> Iterator[Row]:
    for layer, tap in product(range(1, depth + 1), TAPS):
        counts = {"counts": [1, 2], "underflow": 0, "overflow": 0, "nonfinite": 0}
        yield {"cell_id": cell_id, "layer": layer, "tap": tap, "lo": -level, "hi": level, **counts}


def _sites(cell_id: str, depth: int) -> Iterator[Row]:
    blank = dict.fromkeys(tables.schema("sites").names, "") | dict.fromkeys(("fan_in", "fan_out"))
    blank |= dict.fromkeys(("call", "occurrence", "unit_axis"), 1) | {"shape": [], "inputs": [], "parameters": []}
    blank |= dict.fromkeys(("normalized_next", "connected"), True)
    for layer in range(1, depth + 1):
        yield blank | {"cell_id": cell_id, "site": layer, "label": f"{layer}", "layer": layer}


def _about(cell_id: str) -> Row:
    texts = dict.fromkeys(("method", "reason"), "the same") | {"verdict": "just right", "packages": "{}"}
    return {"cell_id": cell_id, "at_once": 1, "unseen": [], "remarks": [], **texts}


def _taps(cell_id: str, depth: int, level: float) -> Iterator[Row]:
    names = [name for name in tables.schema("taps").names if name not in ("cell_id", "site")]
    for layer in range(1, depth + 1):
        yield {"cell_id": cell_id, "site": layer, **dict.fromkeys(names, level**layer)}


def _finding(cell_id: str, level: float) -> Row:
    texts = dict.fromkeys(("rule", "severity", "place", "why", "remedy", "code"), "the same")
    return {"cell_id": cell_id, "measured": level, "threshold": 1.0, **texts}


def _curves(cell_id: str, level: float) -> Iterator[Row]:
    names = [name for name in tables.schema("curves").names if name not in ("cell_id", "step")]
    yield from ({"cell_id": cell_id, "step": step, **dict.fromkeys(names, level)} for step in LOGGED)


def _numbers(cell_id: str, axes: Row, level: float) -> Iterator[Row]:
    """What the named queries ask about of any study, and a quantity that every study measures here."""
    numbers = {
        ("anything", "", None),
        *((name, part, 0.0) for name in ("perturbed_loss",) for part in ("mean", "low", "high")),
        *((name, part, 0.1) for name in ("perturbed_loss", "perturbed_accuracy") for part in ("mean", "low", "high")),
        ("condition_number", "", None),
        ("excess_loss", "rate 1/largest curvature", 10.0),
        *(("distinct_units", part, 1.0) for part in ("before", "after")),
        *(("share_correct", part, None) for part in ("before", "after")),
        ("weight_change", "", 1.0),
        ("layer_gradient_norm", "before", 1.0),
        ("weight_variance", "", None),
        ("bias_variance", "", None),
        *(
            (name, part, None)
            for name in ("q_star", "chi", "depth_q", "depth_c", "c_star")
            for part in ("theory", "measured")
        ),
        *((name, "1", 20.0) for name in ("gamma_mean", "gamma_std", "beta_mean", "beta_std")),
        ("loss_gap", "", None),
        ("accuracy_on_train", "", None),
        *(("share_correct", f"{mode} statistics", None) for mode in ("running", "batch")),
        *((f"{what}_distance", "1", None) for what in ("mean", "std")),
        ("fold_difference", "", None),
        ("diagnosis_first_loss", "", None),
        *(("forward_time", part, None) for part in ("unfolded", "folded", "without batch norm")),
    }  # fmt: skip
    if "per_class" in axes:
        numbers |= {(f"{kind}_accuracy", axes["scheme"], float(axes["per_class"])) for kind in ("transfer", "backbone")}
    at = {"weight_variance": 1.0, "bias_variance": 0.5}
    for quantity, part, position in sorted(numbers, key=repr):
        value = at.get(quantity, level if position != 0.0 else 1.0)
        yield {"cell_id": cell_id, "quantity": quantity, "part": part, "position": position, "value": value}
