"""The tables of a store as data frames of Python objects, joined with the axes, and the two views that judge."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from goldilocks import store
from tests.oracles.queries.numbers import finite

AXES = ["network", "dataset", "preprocessing", "init", "activation", "norm", "depth", "width", "batch_size"]
TRAINING_AXES = [*AXES, "optimizer", "lr", "steps"]
CONFIGURATION = [*TRAINING_AXES, "study_axes"]
# Parameters that choose values of an axis, where the axis is not the parameter without its last letter.
CHOOSERS = {"step_counts": "steps", "batch_sizes": "batch_size"}


class Tables:
    """The tables of an open store."""

    def __init__(self, opened: store.Store) -> None:
        self.opened = opened

    def read(self, name: str) -> pd.DataFrame:
        """Returns a table; NULL is None."""
        rows = self.opened.query(f"SELECT * FROM {name}").arrow()
        found = pd.DataFrame(rows.to_pylist(), columns=rows.column_names, dtype=object)
        # What can be grouped by has to be hashable.
        return found.assign(study_axes=found["study_axes"].map(tuple)) if "study_axes" in found else found

    @cached_property
    def cells(self) -> pd.DataFrame:
        """One row per cell."""
        return self.read("cells")

    @cached_property
    def layers(self) -> pd.DataFrame:
        """One row per layer of a cell."""
        return self.read("layers").merge(self.cells, on="cell_id")

    @cached_property
    def histograms(self) -> pd.DataFrame:
        """One row per tap of a layer of a cell."""
        return self.read("layer_histograms").merge(self.cells, on="cell_id")

    @cached_property
    def curves(self) -> pd.DataFrame:
        """One row per logged step of a cell."""
        return self.read("curves").merge(self.cells, on="cell_id")

    @cached_property
    def quantities(self) -> pd.DataFrame:
        """One row per measured number of a cell."""
        return self.read("measurements").merge(self.cells, on="cell_id")

    @cached_property
    def outcomes(self) -> pd.DataFrame:
        """How each training cell ended."""
        limits = self.read("thresholds").set_index("name")["value"]
        found = []
        for cell_id, rows in self.curves.groupby("cell_id"):
            last = rows.loc[rows["step"].astype(int).idxmax()]
            reached = reach(rows, 0.9)
            best = finite(rows["test_accuracy"])
            found.append(
                {
                    "cell_id": cell_id,
                    "final_train_loss": last["train_loss"],
                    "final_train_accuracy": last["train_accuracy"],
                    "final_test_accuracy": last["test_accuracy"],
                    "best_test_accuracy": max(best) if best else None,
                    "steps_to_90": reached,
                    "diverged": last["status"] == "diverged",
                    "guessing": _guessing(last, limits),
                    "trains": _trains(last, limits),
                }
            )
        return pd.DataFrame(found, dtype=object).merge(self.cells, on="cell_id")

    @cached_property
    def rates(self) -> pd.DataFrame:
        """Growth per layer and verdict of each untrained network."""
        limits = self.read("thresholds").set_index("name")["value"]
        layers = untrained(self.layers)
        found = [_rated(cell_id, rows.sort_values("layer"), limits) for cell_id, rows in layers.groupby("cell_id")]
        return pd.DataFrame(found, dtype=object).merge(self.cells, on="cell_id")


def _guessing(last: pd.Series, limits: pd.Series) -> float:
    """Returns the test accuracy of guessing."""
    return limits["chance"] if last["chance"] is None else last["chance"]


def _trains(last: pd.Series, limits: pd.Series) -> bool:
    """Tells from the last logged step of a cell whether it trains: far enough from guessing, and not diverged."""
    guessing = _guessing(last, limits)
    enough = np.float32(guessing + limits["trains"] * (1 - guessing))
    return bool(
        last["status"] != "diverged" and math.isfinite(last["test_accuracy"]) and last["test_accuracy"] >= enough
    )


def reach(curve: pd.DataFrame, target: float) -> int | None:
    """Returns the first logged step of a cell with a test accuracy of at least the target, in single precision."""
    steps = [
        step
        for step, value in zip(curve["step"], curve["test_accuracy"], strict=True)
        if math.isfinite(value) and value >= np.float32(target)
    ]
    return min(steps, default=None)


# Studies whose cells have layers of untrained networks.
UNTRAINED = ("propagation", "diagnosis")


def untrained(rows: pd.DataFrame) -> pd.DataFrame:
    """Returns the rows of untrained networks, built-in and of one's own."""
    return rows[rows["study"].isin(UNTRAINED)]


def where(rows: pd.DataFrame, **values: Any) -> pd.DataFrame:
    """Returns the rows in which columns have a value; None stands for whatever value."""
    for column, value in values.items():
        if value is not None:
            rows = rows[rows[column] == value]
    return rows


def among(rows: pd.DataFrame, **choices: list | None) -> pd.DataFrame:
    """Returns the rows whose axes are among those chosen by parameters such as `inits`; None chooses all."""
    for parameter, values in choices.items():
        if parameter == "study_values":
            rows = keep(rows, [_named_are_chosen(axes, values) for axes in rows["study_axes"]])
        elif values is not None:
            rows = rows[rows[CHOOSERS.get(parameter, parameter[:-1])].isin(values)]
    return rows


def _named_are_chosen(axes: tuple[tuple[str, str], ...], values: list[str] | None) -> bool:
    """Tells whether each axis of a study that values name, as `axis=value`, has one of them."""
    chosen = [tuple(value.split("=", 1)) for value in values or ()]
    return all(axis in chosen for axis in axes if axis[0] in {name for name, _ in chosen})


def keep(rows: pd.DataFrame, which: list[bool]) -> pd.DataFrame:
    """Returns the rows that are marked."""
    return rows[np.array(which, bool)]


def groups(rows: pd.DataFrame, *columns: str) -> Iterator[tuple[dict[str, Any], pd.DataFrame]]:
    """Yields the values of some columns, NULL among them, with the rows that share them."""
    for key, part in rows.groupby(list(columns), dropna=False):
        yield {name: None if pd.isna(value) else value for name, value in zip(columns, key, strict=True)}, part


def _rated(cell_id: str, rows: pd.DataFrame, limits: pd.Series) -> dict[str, Any]:
    depth = rows["depth"].iloc[0]
    half = max(depth // 2, 1)
    std, gradient = (rows[name].to_numpy(np.float64) for name in ("std", "grad_rms"))
    forward, backward = _growth(std[half - 1 :]), _growth(gradient[half - 1 :][::-1])
    rates = {"forward_rate": forward, "backward_rate": backward}
    factors = {"forward_factor": _factor(std), "backward_factor": _factor(gradient[::-1])}
    return {"cell_id": cell_id, **rates, **factors, "verdict": _verdict(rows, limits, rates, factors)}


def _verdict(rows: pd.DataFrame, limits: pd.Series, rates: dict, factors: dict) -> str | None:
    if rows["status"].iloc[0] == "diverged":
        return "diverged"
    if ((rows["frac_dead_units"] == 1) | (rows["frac_zero"] == 1)).any():
        return "dead"
    unit, rms = (rows[name].to_numpy(np.float64) for name in ("unit_std", "rms"))
    if rows["width"].iloc[0] > 1 and (unit <= limits["alike"] * rms).all():
        return "symmetric"
    if len(rows) < 2:
        return None
    for values, big, small in ((rates, "too_big", "too_small"), (factors, "factor_too_big", "factor_too_small")):
        if max(values.values()) > limits[big]:
            return "too big"
        if min(values.values()) < limits[small]:
            return "too small"
    return "just right"


def _growth(values: np.ndarray) -> float | None:
    """Returns the geometric mean of the ratios of neighbours, which is zero when the last of them is."""
    factor = _factor(values)
    return factor if factor is None else factor ** (1 / (len(values) - 1))


def _factor(values: np.ndarray) -> float | None:
    """Returns the last value divided by the first."""
    if len(values) < 2:
        return None
    with np.errstate(divide="ignore", invalid="ignore"):
        return 0.0 if values[-1] == 0 else float(values[-1] / values[0])
