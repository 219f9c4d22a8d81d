"""Oracles of the queries about measured quantities."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from tests.oracles.queries.numbers import distinct, finite, highest, known, lowest, margin, mean, spread
from tests.oracles.queries.registry import Rows, oracle
from tests.oracles.queries.tables import AXES, CONFIGURATION, Tables, among, groups, where

# Beside the point: which networks were simulated.
PLANE = [*(axis for axis in AXES if axis not in ("init", "activation")), "study_axes"]


def largest(rows: pd.DataFrame, quantity: str | None = None, **equal: Any) -> float | None:
    """Returns the largest of the numbers that a cell measured of a quantity, NaN if that is among them."""
    return highest(where(rows, quantity=quantity, **equal)["value"])


@oracle(*CONFIGURATION, "part", "position")
def quantity_over_seeds(tables: Tables, study: str, quantity: str, **choices: list | None) -> Rows:
    chosen = among(where(tables.quantities, study=study, quantity=quantity), **choices)
    for key, rows in groups(chosen, *CONFIGURATION, "part", "position"):
        values = finite(rows["value"])
        yield {
            **key,
            "seeds": len(rows),
            "finite": len(values),
            "mean": mean(values),
            "low": lowest(values),
            "high": highest(values),
            "spread": spread(values) or 0,
        }


@oracle("part", "position")
def first_seed_quantity(tables: Tables, study: str, quantity: str) -> Rows:
    rows = where(tables.quantities, study=study, quantity=quantity)
    if len(rows):
        first = rows.sort_values(["seed", "cell_id"]).iloc[0]["cell_id"]
        yield from rows[rows["cell_id"] == first][["part", "position", "value"]].to_dict("records")


@oracle("dataset", "preprocessing", "part", "position")
def scatter_points(tables: Tables, study: str) -> Rows:
    rows = where(tables.quantities, study=study)
    for _, own in groups(where(rows, quantity="scatter_x"), "dataset", "preprocessing"):
        cell = own.sort_values(["seed", "cell_id"]).iloc[0]["cell_id"]
        points = rows[(rows["cell_id"] == cell) & rows["quantity"].isin(["scatter_x", "scatter_y"])]
        for key, point in groups(points, "dataset", "preprocessing", "part", "position"):
            yield {**key, **{axis: largest(point, f"scatter_{axis}") for axis in "xy"}}


THEORY = ("q_star", "alpha", "chi", "depth_q", "depth_c", "c_star")


@oracle("bias_variance", "weight_variance", *PLANE)
def order_and_chaos(tables: Tables, activation: str) -> Rows:
    points = []
    for key, rows in groups(where(tables.quantities, study="mean_field", activation=activation), "cell_id"):
        point = {name: round(largest(rows, name), 6) for name in ("weight_variance", "bias_variance")}
        point |= {name: largest(rows, name, part="theory") for name in THEORY}
        point |= {f"{name}_measured": largest(rows, name, part="measured") for name in THEORY}
        point |= {"q_first": largest(rows, "q_first"), **fixed_points(where(rows, quantity="fixed_point"))}
        points.append({**key, **rows.iloc[0][["init", "seed", *PLANE]], **point})
    for key, rows in groups(pd.DataFrame(points, dtype=object), "weight_variance", "bias_variance", *PLANE):
        theory = {name: first(rows[name]) for name in ("q_first", *THEORY, "attracting", "half_stable", "repelling")}
        at_rest = rows[[q is not None and 0 < q < math.inf for q in rows["q_star"]]]
        depths = [math.log(depth) for depth in finite(rows["depth_c_measured"]) if depth > 0]
        yield {
            **key,
            "inits": distinct(rows["init"]),
            "seeds": rows["seed"].nunique(),
            **theory,
            **{name: first(at_rest[name]) for name in ("depth_c", "c_star")},
            "any_q": bool(rows["any_q"].any()),
            **{name: mean(finite(rows[name])) for name in ("q_star_measured", "chi_measured", "c_star_measured")},
            **geometric(depths if len(depths) >= 3 or (theory["chi"] or 2) <= 1 else []),
        }


def fixed_points(rows: pd.DataFrame) -> dict[str, Any]:
    """Returns the fixed points of a cell by what becomes of deviations."""
    kinds = {"attracting": "attracts", "half_stable": "attracts from ", "repelling": "repels"}

    def listed(kind: str) -> list[float] | None:
        matches = [part == kind or (kind.endswith(" ") and part.startswith(kind)) for part in rows["part"]]
        return sorted(rows[matches]["value"]) or None

    return {name: listed(kind) for name, kind in kinds.items()} | {
        "any_q": any(part.startswith("every ") for part in rows["part"])
    }


def first(values: pd.Series) -> Any:
    """Returns the first value that is not NULL."""
    return next(iter(known(values)), None)


def geometric(logarithms: list[float]) -> dict[str, float | None]:
    """Returns a geometric mean and the ends of its confidence interval."""
    center, half = mean(logarithms), margin(logarithms)
    names = ("depth_c_measured", "depth_c_low", "depth_c_high")
    if center is None or half is None:
        return dict(zip(names, (center if center is None else math.exp(center), None, None), strict=True))
    return dict(zip(names, map(math.exp, (center, center - half, center + half)), strict=True))
