"""Oracles of the queries about diagnosed networks."""

from __future__ import annotations

import math
import statistics
from itertools import groupby
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from tests.oracles.queries.numbers import (
    distinct,
    finite,
    geometric_mean,
    highest,
    known,
    lowest,
    mean,
    median,
    most_frequent,
)
from tests.oracles.queries.registry import Rows, oracle
from tests.oracles.queries.tables import CONFIGURATION, Tables, among, groups, keep, where

GRAVITY = ("error", "warning", "note")


def _cells(tables: Tables) -> pd.DataFrame:
    cells = where(tables.cells, study="diagnosis")
    return cells[cells["status"] != "failed"]


@oracle("network", "dataset", "batch_size", "study_axes")
def diagnosed_networks(tables: Tables) -> Rows:
    about = _cells(tables).merge(tables.read("diagnoses"), on="cell_id")
    about = about.merge(tables.read("runs")[["run_id", "ended_at"]], on="run_id")
    shape = ("network", "dataset", "preprocessing", "batch_size", "study_axes", "activation", "norm", "depth", "width")
    for key, rows in groups(about, *shape):
        yield {
            **key,
            "inits": distinct(rows["init"]),
            "seeds": rows["seed"].nunique(),
            "cells": len(rows),
            "just_right": (rows["verdict"] == "just right").sum(),
            "ended_at": highest(rows["ended_at"]),
            **_extent(tables, set(rows["cell_id"])),
            **{name: sorted({one for of_cell in rows[name] for one in of_cell}) for name in ("unseen", "remarks")},
        }


def _extent(tables: Tables, cells: set[str]) -> dict[str, Any]:
    """Returns how many sites and parameters the largest of some cells has, and of which kinds the sites are."""
    of_cells = {
        name: keep(rows := tables.read(name), [one in cells for one in rows["cell_id"]])
        for name in ("sites", "parameters")
    }
    counts = {
        name: max((len(rows) for _, rows in frame.groupby("cell_id")), default=0) for name, frame in of_cells.items()
    }
    sizes = [sum(math.prod(shape) for shape in rows["shape"]) for _, rows in of_cells["parameters"].groupby("cell_id")]
    kinds = {"residual": ("role", "branch"), "convolution": ("site_kind", "convolution")}
    found = {name: bool((of_cells["sites"][column] == value).any()) for name, (column, value) in kinds.items()}
    return {**counts, "weights": max(sizes, default=0), **found}


@oracle("network", "dataset", "init")
def findings_over_seeds(tables: Tables, network: str | None, inits: list | None, agreement: float) -> Rows:
    cells = among(where(_cells(tables), network=network), inits=inits)
    yield from _agreed(tables, cells, agreement)


def _agreed(tables: Tables, cells: pd.DataFrame, agreement: float) -> Rows:
    """Yields the findings on which enough seeds agree: on the place, or else on the rule."""
    seeds = {tuple(key.values()): len(rows) for key, rows in groups(cells, *CONFIGURATION)}
    for key, rows in groups(tables.read("findings").merge(cells, on="cell_id"), *CONFIGURATION, "rule"):
        of = seeds[tuple(key[axis] for axis in CONFIGURATION)]
        places = {place["place"]: of_place for place, of_place in groups(rows, "place")}
        counts = {place: of_place["seed"].nunique() for place, of_place in places.items()}
        agreed = [place for place, count in counts.items() if count >= agreement * of]
        if agreed:
            yield from (_finding(key, of, place, places[place], places[place]) for place in agreed)
        elif rows["seed"].nunique() >= agreement * of:
            most = min(counts, key=lambda place: (-counts[place], place))
            yield _finding(key, of, most, places[most], rows)


def _finding(key: dict, of: int, place: str, here: pd.DataFrame, agreeing: pd.DataFrame) -> dict[str, Any]:
    first = here.loc[here["seed"].astype(int).idxmin()]
    return {
        **key,
        "place": place,
        "severity": most_frequent(agreeing["severity"]),
        "agreeing": agreeing["seed"].nunique(),
        "agreeing_here": here["seed"].nunique(),
        "seeds": of,
        "measured": float(statistics.median(map(float, agreeing["measured"]))),
        **{name: first[name] for name in ("threshold", "why", "remedy", "code")},
    }


@oracle("network", "dataset", "init", "layer")
def stream_by_site(tables: Tables, network: str | None, inits: list | None) -> Rows:
    ends = tables.read("sites")[["cell_id", "layer", "label"]]
    layers = tables.layers.merge(ends[ends["layer"].notna()], on=["cell_id", "layer"])
    layers = among(where(layers, study="diagnosis", network=network), inits=inits)
    for key, rows in groups(layers, *CONFIGURATION):
        found = []
        for place, of_layer in groups(rows, "layer", "label"):
            pairs = zip(of_layer["std"], of_layer["grad_rms"], strict=True)
            sound = keep(of_layer, [len(finite(pair)) == 2 and min(pair) > 0 for pair in pairs])
            means = {name: geometric_mean(sound[name]) for name in ("std", "grad_rms")}
            found.append({**key, **place, "seeds": len(of_layer), "left_out": len(of_layer) - len(sound), **means})
        for number, row in enumerate(found):
            before, behind = found[number - 1] if number else None, (*found, None)[number + 1]
            yield row | {
                "forward_factor": _ratio(row["std"], before and before["std"]),
                "backward_factor": _ratio(row["grad_rms"], behind and behind["grad_rms"]),
            }


def _ratio(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one / other


@oracle("network", "dataset", "batch_size", "study_axes", "init", "site")
def sites_over_seeds(tables: Tables, network: str | None, inits: list | None, roles: list | None) -> Rows:
    rows = tables.read("taps").merge(tables.read("sites"), on=["cell_id", "site"]).merge(_cells(tables), on="cell_id")
    rows = among(where(rows, network=network), inits=inits, roles=roles)
    about = ("site", "label", "module_name", "operation", "site_kind", "role", "layer")
    for key, found in groups(rows, *CONFIGURATION, *about):
        sizes = {}
        for name, short in (("std", "std"), ("grad_rms", "grad")):
            values = finite(found[name])
            sizes |= {name: geometric_mean(values), f"{short}_low": lowest(values), f"{short}_high": highest(values)}
            sizes[f"{short}_lost"] = len(known(found[name])) - len(values)
        sizes |= {name: geometric_mean(finite(found[name])) for name in ("rms", "theory_rms")}
        shares = ("frac_dead_units", "frac_saturated", "frac_nonfinite")
        yield {**key, "seeds": len(found), **sizes, **{name: mean(finite(found[name])) for name in shares}}


@oracle("network", "dataset", "batch_size", "study_axes", "place")
def diagnosis_ranking(tables: Tables, network: str | None, inits: list | None, level: float) -> Rows:
    cells = among(where(_cells(tables), network=network), inits=inits).merge(tables.read("diagnoses"), on="cell_id")
    agreed = list(_agreed(tables, cells, 0.5))
    streams = dict(iter(_steps(tables).groupby("cell_id")))
    losses = where(tables.read("measurements"), quantity="diagnosis_first_loss").set_index("cell_id")["value"]
    for _, examined in groups(cells, *(axis for axis in CONFIGURATION if axis != "init")):
        ranked = [_ranked(key, rows, agreed, streams, losses) for key, rows in groups(examined, *CONFIGURATION)]
        ranked.sort(key=lambda one: (one["errors"], one["distance"], one["init"]))
        for place, one in enumerate(ranked, 1):
            far, first = one.pop("far") if place > 1 else one["far"], ranked[0]["far"]
            yield {**_with_intervals(one, level), "place": place, **_behind(first, far, level, len(ranked) - 1, place)}


def _steps(tables: Tables) -> pd.DataFrame:
    """Returns what enters the activation of each layer of the stream, layer by layer."""
    ends = tables.read("sites")
    ends = ends[ends["layer"].notna()]
    kinds = zip(ends["site_kind"], ends["inputs"], ends["site"], strict=True)
    ends = ends.assign(site=[inputs[0] if kind == "activation" else site for kind, inputs, site in kinds])
    return ends[["cell_id", "site", "layer"]].merge(tables.read("taps"), on=["cell_id", "site"]).sort_values("layer")


def _ranked(key: dict, rows: pd.DataFrame, agreed: list, streams: dict, losses: pd.Series) -> dict[str, Any]:
    classes = int(dict(key["study_axes"]).get("classes", 0))
    own = [one for one in agreed if all(one[axis] == key[axis] for axis in CONFIGURATION)]
    verdicts = rows["verdict"].value_counts()
    order = ["diverged", "dead", "symmetric", "too big", "too small", "just right"]
    logs = [{name: _logs(streams[cell_id][name]) for name in ("std", "grad_rms")} for cell_id in rows["cell_id"]]
    loss = [losses[cell_id] for cell_id in rows["cell_id"]]
    far = [_distance(one, value, classes) for one, value in zip(logs, loss, strict=True)]
    return {
        **key,
        "verdict": min(verdicts.index, key=lambda word: (-verdicts[word], order.index(word))),
        "agreeing": verdicts.max(),
        "seeds": len(rows),
        **{f"{name}s": sum(one["severity"] == name for one in own) for name in ("error", "warning")},
        "forward": [_rate(one["std"]) for one in logs],
        "backward": [_rate(one["grad_rms"][::-1]) for one in logs],
        "first_loss": float(np.mean(loss)),
        "guessing_loss": math.log(classes) if classes > 1 else None,
        "distance": float(np.mean(far)),
        "far": dict(zip(rows["seed"], far, strict=True)),
    }


def _logs(values: pd.Series) -> np.ndarray:
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log(values.to_numpy(float))
    return np.where(np.isfinite(logs), logs, np.nan)


def _rate(logs: np.ndarray) -> float:
    """Returns the mean step over the deeper half; NaN where one value has no logarithm."""
    if len(logs) < 2 or np.isnan(logs).any():
        return math.nan
    deeper = logs[len(logs) // 2 - (len(logs) < 4) :]
    return float(np.diff(deeper).mean())


def _distance(logs: dict[str, np.ndarray], loss: float, classes: int) -> float:
    far = sum(abs(one[-1] - one[0]) for one in logs.values() if len(one) > 1)
    excess = max(math.log(loss / math.log(classes)), 0) if classes > 1 and loss > 0 else 0 * loss if classes > 1 else 0
    return math.inf if math.isnan(far + excess) else float(far + excess)


def _with_intervals(one: dict[str, Any], level: float) -> dict[str, Any]:
    """Returns a row whose logarithmic rates are factors with their intervals."""
    for name in ("forward", "backward"):
        logs = one.pop(name)
        sound, seeds = not np.isnan(logs).any(), len(logs)
        reach = _reach(logs, level) if sound and seeds > 1 else None
        ends = {
            end: math.exp(mean(logs) + sign * reach) if reach is not None else None
            for end, sign in (("low", -1), ("high", 1))
        }
        one |= {
            f"{name}_rate": math.exp(mean(logs)) if sound else None,
            **{f"{name}_{end}": at for end, at in ends.items()},
        }
    return {name: value for name, value in one.items() if name != "far"}


def _reach(values: list[float], beyond: float) -> float:
    """Returns half of Student's interval of the mean that misses it as often as `beyond`."""
    return float(stats.t.ppf(1 - beyond / 2, len(values) - 1) * np.std(values, ddof=1)) / len(values) ** 0.5


def _behind(first: dict, other: dict, level: float, comparisons: int, place: int) -> dict[str, Any]:
    shared = sorted(set(first) & set(other))
    gaps = [min(other[seed], 200) - min(first[seed], 200) for seed in shared]
    known = place > 1 and len(shared) > 1
    low, high = (mean(gaps) + sign * _reach(gaps, level / comparisons) for sign in (-1, 1)) if known else (None, None)
    return {
        "shared_seeds": len(shared),
        "behind": mean(gaps),
        "behind_low": low,
        "behind_high": high,
        "clearly_behind": known and low > 0,
    }


@oracle("nearest")
def trained_near_diagnosed(tables: Tables, network: str, farthest: float, most: int) -> Rows:
    own = where(_cells(tables), network=network)
    if own.empty:
        return
    own = _own(tables, own.loc[own["cell_id"].idxmin()])
    outcomes = where(tables.outcomes, study="training")
    found = []
    for key, runs in groups(outcomes, *(axis for axis in CONFIGURATION if axis not in ("optimizer", "lr"))):
        best = min(
            (_ended(tried, rows) for tried, rows in groups(runs, "optimizer", "lr")),
            key=lambda one: (-one["score"], one["optimizer"], one["lr"]),
        )
        found.append({**key, **best, **_compared(key, own)})
    shape = [axis for axis in CONFIGURATION if axis not in ("init", "optimizer", "lr")]
    found = [one for one in found if one["distance"] <= farthest]
    found.sort(key=lambda one: (one["distance"], *(one[axis] for axis in shape), -one["score"], one["init"]))
    for nearest, (_, rows) in enumerate(groupby(found, key=lambda one: [one[axis] for axis in shape]), 1):
        if nearest <= most:
            yield from ({"nearest": nearest, **{k: v for k, v in one.items() if k != "score"}} for one in rows)


def _own(tables: Tables, cell: pd.Series) -> dict[str, Any]:
    sites = where(tables.read("sites"), cell_id=cell["cell_id"])
    steps = sites[sites["layer"].notna()]
    units = [shape[axis] for shape, axis in zip(steps["shape"], steps["unit_axis"], strict=True)]
    return {
        "depth": max(cell["depth"], 1),
        "width": max(median(units) if units else cell["width"], 1),
        "activation": cell["activation"],
        "norm": cell["norm"],
        "residual": bool((sites["role"] == "branch").any()),
        "convolution": bool((sites["site_kind"] == "convolution").any()),
    }


def _ended(tried: dict, rows: pd.DataFrame) -> dict[str, Any]:
    accuracies = finite(rows["final_test_accuracy"])
    ends = zip(rows["diverged"], rows["final_test_accuracy"], rows["guessing"], strict=True)
    return {
        **tried,
        "seeds": len(rows),
        "diverged": rows["diverged"].sum(),
        "share_that_train": mean(rows["trains"]),
        "final_test_accuracy": mean(accuracies),
        "score": mean(chance if lost or not math.isfinite(end) else end for lost, end, chance in ends),
    }


def _compared(key: dict, own: dict[str, Any]) -> dict[str, Any]:
    """Returns how far a trained network is from a diagnosed one, and what differs."""
    deep, wide = key["depth"] / own["depth"], key["width"] / own["width"]
    said = [
        f"{ratio:.2g} times as {word}"
        for ratio, word in ((deep, "deep"), (wide, "wide"))
        if not 1 / 1.1 <= ratio <= 1.1
    ]
    distance = abs(math.log(deep)) + abs(math.log(wide)) / 2
    if key["activation"] not in own["activation"].split("+"):
        said, distance = [*said, f"{key['activation']} instead of {own['activation']}"], distance + 1
    if key["norm"].partition("(")[0] not in own["norm"].split("+"):
        said, distance = [*said, f"normalization {key['norm']} instead of {own['norm']}"], distance + 1
    if key["network"].startswith("residual") != own["residual"]:
        said, distance = [*said, f"{'no ' * own['residual']}residual branches"], distance + 1
    if key["network"].startswith("conv") != own["convolution"]:
        said, distance = [*said, f"{'no ' * own['convolution']}convolutions"], distance + 0.5
    return {"differs": "; ".join(said), "distance": distance}
