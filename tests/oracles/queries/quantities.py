"""Oracles of the queries about measured quantities."""

from __future__ import annotations

from typing import Any

import pandas as pd

from tests.oracles.queries.numbers import distinct, finite, highest, known, lowest, mean, spread
from tests.oracles.queries.registry import Rows, oracle
from tests.oracles.queries.tables import TRAINING_AXES, Tables, among, groups, where


def largest(rows: pd.DataFrame, quantity: str | None = None, **equal: Any) -> float | None:
    """Returns the largest of the numbers that a cell measured of a quantity, NaN if that is among them."""
    return highest(where(rows, quantity=quantity, **equal)["value"])


@oracle(*TRAINING_AXES, "part", "position")
def quantity_over_seeds(tables: Tables, study: str, quantity: str, **choices: list | None) -> Rows:
    chosen = among(where(tables.quantities, study=study, quantity=quantity), **choices)
    for key, rows in groups(chosen, *TRAINING_AXES, "part", "position"):
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


@oracle("bias_variance", "weight_variance")
def order_and_chaos(tables: Tables, activation: str) -> Rows:
    points = []
    for key, rows in groups(where(tables.quantities, study="mean_field", activation=activation), "cell_id"):
        point = {name: round(largest(rows, name), 6) for name in ("weight_variance", "bias_variance")}
        for name in ("q_star", "chi", "depth_q", "depth_c", "c_star"):
            point |= {
                name: largest(rows, name, part="theory"),
                f"{name}_measured": largest(rows, name, part="measured"),
            }
        points.append({**key, **rows.iloc[0][["init", "seed"]], **point})
    for key, rows in groups(pd.DataFrame(points, dtype=object), "weight_variance", "bias_variance"):
        theory = {name: (known(rows[name]) or [None])[0] for name in ("q_star", "chi", "depth_q", "depth_c", "c_star")}
        measured = ("q_star_measured", "chi_measured", "depth_c_measured", "c_star_measured")
        yield {
            **key,
            "inits": distinct(rows["init"]),
            "seeds": rows["seed"].nunique(),
            **theory,
            **{name: mean(finite(rows[name])) for name in measured},
        }
