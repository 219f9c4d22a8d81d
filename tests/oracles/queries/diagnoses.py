"""Oracles of the queries about diagnosed networks."""

from __future__ import annotations

import statistics

import pandas as pd

from tests.oracles.queries.numbers import distinct, finite, geometric_mean, highest, most_frequent
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
        }


@oracle("network", "dataset", "init")
def findings_over_seeds(tables: Tables, network: str | None, inits: list | None, agreement: float) -> Rows:
    cells = among(where(_cells(tables), network=network), inits=inits)
    seeds = {tuple(key.values()): len(rows) for key, rows in groups(cells, *CONFIGURATION)}
    for key, rows in groups(tables.read("findings").merge(cells, on="cell_id"), *CONFIGURATION, "rule", "place"):
        agreeing = rows["seed"].nunique()
        of = seeds[tuple(key[axis] for axis in CONFIGURATION)]
        if agreeing >= agreement * of:
            first = rows.loc[rows["seed"].astype(int).idxmin()]
            yield {
                **key,
                "severity": most_frequent(rows["severity"]),
                "agreeing": agreeing,
                "seeds": of,
                "measured": float(statistics.median(map(float, rows["measured"]))),
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
