"""Oracles of the queries about training."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable
from typing import Any

import pandas as pd

from tests.oracles.leads import leads
from tests.oracles.queries.numbers import (
    finite,
    highest,
    known,
    lowest,
    mean,
    median,
    ranged,
    spread,
)
from tests.oracles.queries.registry import Rows, oracle
from tests.oracles.queries.tables import CONFIGURATION, TRAINING_AXES, Tables, among, groups, keep, reach, where

WITHOUT_RATE = [name for name in TRAINING_AXES if name != "lr"]


def _trains(rows: pd.DataFrame) -> dict:
    """How many seeds train, and after how many updates those that reach 0.90 do."""
    return {"share_that_train": mean(rows["trains"]), "steps_to_90": median(rows["steps_to_90"])}


def _or_pinned(rows: pd.DataFrame, pinned: list[str] | None, choices: dict[str, list | None]) -> pd.DataFrame:
    """Rows that are chosen or pinned."""
    chosen = set(among(rows, **choices).index)
    kept = [label in chosen or _is_pinned(row, pinned) for label, row in rows.iterrows()]
    return keep(rows, kept)


def _is_pinned(row: Any, pinned: list[str] | None) -> bool:
    return "|".join(str(row[axis]) for axis in TRAINING_AXES) in (pinned or ())


@oracle(*CONFIGURATION)
def outcomes_over_seeds(tables: Tables, pinned: list[str] | None, **choices: list | None) -> Rows:
    for key, rows in groups(_or_pinned(where(tables.outcomes, study="training"), pinned, choices), *CONFIGURATION):
        accuracy = finite(rows["final_test_accuracy"])
        yield {
            **key,
            "seeds": len(rows),
            "diverged": rows["diverged"].sum(),
            "finite": len(accuracy),
            **_trains(rows),
            **ranged("final_test_accuracy", accuracy),
            "final_train_accuracy": mean(finite(rows["final_train_accuracy"])),
            "final_train_loss": mean(finite(rows["final_train_loss"])),
            "diverged_at_step": lowest(rows["diverged_at_step"]),
        }


def _met(rows: pd.DataFrame, step: int) -> int:
    """How many seeds had met a non-finite loss by a step."""
    return sum(at <= step for at in known(rows["diverged_at_step"]))


@oracle("metric", *CONFIGURATION, "step")
def curves_over_seeds(
    tables: Tables, metrics: list[str], most: int | None, pinned: list[str] | None, **choices: list | None
) -> Rows:
    chosen = _or_pinned(where(tables.curves, study="training"), pinned, choices)
    numbered = enumerate(groups(chosen, *CONFIGURATION), 1)
    first = [one for number, one in numbered if most is None or number <= most or _is_pinned(one[0], pinned)]
    logged = [(key | step, group) for key, rows in first for step, group in groups(rows, "step")]
    for (key, rows), metric in itertools.product(logged, set(metrics)):
        values = finite(rows[metric])
        yield {
            "metric": metric,
            **key,
            "seeds": len(rows),
            "diverged": _met(rows, key["step"]),
            "finite": len(values),
            "mean": mean(values),
            "low": lowest(values),
            "high": highest(values),
            "spread": spread(values) or 0,
        }


@oracle(*CONFIGURATION)
def learning_rate_sweep(tables: Tables, **choices: list | None) -> Rows:
    for key, swept in groups(among(where(tables.outcomes, study="training"), **choices), *WITHOUT_RATE, "study_axes"):
        rates = {lr["lr"]: rows for lr, rows in groups(swept, "lr")}
        if len(rates) < 2:
            continue
        means = {lr: mean(finite(rows["final_test_accuracy"])) for lr, rows in rates.items()}
        sound = [lr for lr, rows in rates.items() if means[lr] is not None and not rows["diverged"].any()]
        stable = [lr for lr in rates if not any(rates[other]["diverged"].any() for other in rates if other <= lr)]
        for lr, rows in rates.items():
            scores = finite(rows["final_test_accuracy"])
            yield {
                **key,
                "lr": lr,
                "seeds": len(rows),
                "diverged": rows["diverged"].sum(),
                **_trains(rows),
                "mean": means[lr],
                "low": lowest(scores),
                "high": highest(scores),
                "stable": lr in stable,
                "largest_stable": max(stable, default=None),
                "best": min(sound, key=lambda one: (-means[one], one), default=None),
            }


@oracle("x", "y")
def outcome_map(tables: Tables, x: str, y: str, over: str, **choices: list | None) -> Rows:
    configurations = []
    for key, rows in groups(among(where(tables.outcomes, study="training"), **choices), *CONFIGURATION):
        gaps = [
            train - test for train, test in zip(rows["final_train_accuracy"], rows["final_test_accuracy"], strict=False)
        ]
        configurations.append(
            {
                **key,
                "seeds": len(rows),
                "share_diverged": mean(rows["diverged"]),
                **_trains(rows),
                "final_test_accuracy": mean(finite(rows["final_test_accuracy"])),
                "best_test_accuracy": mean(rows["best_test_accuracy"]),
                "final_train_loss": mean(finite(rows["final_train_loss"])),
                "gap": mean(finite(gaps)),
            }
        )
    metrics = ["share_diverged", "share_that_train", "steps_to_90", "final_test_accuracy", "best_test_accuracy"]
    metrics += ["final_train_loss", "gap"]
    told = ["seeds", *metrics]
    for key, rows in groups(pd.DataFrame(configurations, columns=[*CONFIGURATION, *told], dtype=object), *{x: x, y: y}):
        if over == "best":
            order = sorted(range(len(rows)), key=lambda one: _preferred(rows.iloc[one]))
            rows = rows.iloc[order[:1]]
        yield {
            "x": str(key[x]),
            "y": str(key[y]),
            "configurations": len(rows),
            "seeds": rows["seeds"].sum(),
            **{name: mean(rows[name]) for name in metrics},
            "lr": lowest(rows["lr"]),
        }


def _preferred(row: pd.Series) -> list:
    """The configuration of which the fewest seeds diverge, of several the most accurate one."""
    accuracy = row["final_test_accuracy"]
    return [row["share_diverged"], accuracy is None, -(accuracy or 0), *_sortable(row, CONFIGURATION)]


def _sortable(row: pd.Series, columns: Iterable[str]) -> list:
    """The rate decides first."""
    return [row["lr"], *(row[column] for column in columns)]


def _first(value: float | None) -> tuple[bool, float]:
    """The smallest value first, and none last."""
    return (value is None, value or 0)


@oracle("steps_to_target", "never_reached", "dataset", "activation", "norm", "init", "depth", "lr")
def steps_to_target(tables: Tables, target: float, dataset: str | None, activation: str | None) -> Rows:
    first = {cell_id: reach(rows, target) for cell_id, rows in tables.curves.groupby("cell_id")}
    cells = where(tables.cells, study="training", dataset=dataset, activation=activation)
    for key, rows in groups(cells[cells["status"] != "failed"], *TRAINING_AXES):
        reached = known(first.get(cell_id) for cell_id in rows["cell_id"])
        yield {
            **key,
            "seeds": len(rows),
            "never_reached": len(rows) - len(reached),
            "steps_to_target": median(reached),
            "fastest": lowest(reached),
            "slowest": highest(reached),
        }


@oracle("distance", "-final_test_accuracy", *CONFIGURATION)
def what_trains(tables: Tables, depth: int, width: int, least_depth: int, **allowed: list | None) -> Rows:
    for key, rows in groups(among(where(tables.outcomes, study="training"), **allowed), *CONFIGURATION):
        if mean(rows["trains"]) >= 0.5 and key["depth"] >= least_depth:
            yield {
                **key,
                "seeds": len(rows),
                "share_that_train": mean(rows["trains"]),
                "final_test_accuracy": mean(finite(rows["final_test_accuracy"])),
                "distance": abs(math.log(key["depth"] / depth)) + abs(math.log(key["width"] / width)) / 2,
            }


@oracle("place")
def recommendation(
    tables: Tables,
    network,
    dataset,
    preprocessing,
    activation,
    depth,
    width,
    batch_size,
    steps,
    norms,
    optimizers,
    **compared,
) -> Rows:
    shape = {"network": network, "dataset": dataset, "preprocessing": preprocessing, "activation": activation}
    chosen = where(
        tables.outcomes, study="training", **shape, depth=depth, width=width, batch_size=batch_size, steps=steps
    )
    found = []
    for key, rows in groups(among(chosen, norms=norms, optimizers=optimizers), "init", "norm", "optimizer", "lr"):
        scores = [_score(row) for _, row in rows.iterrows()]
        told = {"score": mean(scores), "low": min(scores), "high": max(scores), "seeds": len(rows), **_trains(rows)}
        by_seed = dict(zip(rows["seed"], scores, strict=True))
        found.append(({**key, **told, "diverged": rows["diverged"].sum()}, by_seed))
    found.sort(
        key=lambda one: (
            -one[0]["score"],
            *_first(one[0]["steps_to_90"]),
            *map(str, list(one[0].values())[:3]),
            one[0]["lr"],
        )
    )
    compared_to_first = [None, *leads([by_seed for _, by_seed in found], **compared)]
    for place, ((row, _), lead) in enumerate(zip(found, compared_to_first, strict=False), 1):
        yield {
            "place": place,
            **row,
            "shared_seeds": lead and lead.shared,
            "lead": lead and lead.lead,
            "lead_needed": lead and lead.needed,
            "clearly_better": lead and lead.clear,
        }


def _score(row: pd.Series) -> float:
    """The accuracy at the end; whoever diverged has none and counts as guessing."""
    accuracy = row["final_test_accuracy"]
    return row["guessing"] if row["diverged"] or not finite([accuracy]) else accuracy
