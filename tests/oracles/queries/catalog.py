"""Oracles of the queries about what a store holds."""

from __future__ import annotations

import math
from typing import Any

import duckdb
import pandas as pd

from goldilocks.engine.catalog import schemes_table
from tests.oracles.queries.numbers import distinct, finite, highest, lowest
from tests.oracles.queries.registry import Rows, oracle
from tests.oracles.queries.tables import UNTRAINED, Tables, among, groups, keep, where


def _computed(tables: Tables, *studies: str) -> pd.DataFrame:
    return tables.cells[tables.cells["study"].isin(studies) & (tables.cells["status"] != "failed")]


@oracle("study", "dataset", "network", "status")
def coverage(tables: Tables) -> Rows:
    for key, rows in groups(tables.cells, "study", "dataset", "network", "status"):
        yield {
            **key,
            "cells": len(rows),
            "inits": rows["init"].nunique(),
            "activations": rows["activation"].nunique(),
            "norms": rows["norm"].nunique(),
            "min_depth": rows["depth"].min(),
            "max_depth": rows["depth"].max(),
            "seeds": rows["seed"].nunique(),
            "seconds": sum(finite(rows["seconds"])) if finite(rows["seconds"]) else None,
        }


@oracle()
def axis_values(tables: Tables, study: str) -> Rows:
    cells = _computed(tables, study)
    lists = {
        **dict.fromkeys(("network", "dataset", "preprocessing", "init", "activation", "norm", "depth", "width")),
        **dict.fromkeys(("batch_size", "optimizer", "lr")),
    }
    found = {f"{axis}s": distinct(cells[axis]) for axis in lists}
    own = sorted({f"{axis}={value}" for axes in cells["study_axes"] for axis, value in axes})
    found |= {"step_counts": distinct(cells["steps"]), "study_values": own}
    yield {"cells": len(cells), "seeds": cells["seed"].nunique(), **found}


@oracle("study")
def measured_studies(tables: Tables) -> Rows:
    for key, rows in groups(tables.cells, "study"):
        measured = tables.quantities[tables.quantities["study"] == key["study"]]
        yield {
            **key,
            "cells": len(rows),
            "seeds": rows["seed"].nunique(),
            "quantities": distinct(measured["quantity"]),
        }


@oracle("study", "-share_different", "quantity")
def telling_quantities(tables: Tables) -> Rows:
    for key, rows in groups(tables.quantities, "study", "quantity"):
        values = [value for value in rows["value"] if math.isfinite(value)]
        if values:
            different = len(set(values))
            yield {**key, "numbers": len(values), "different": different, "share_different": different / len(values)}


@oracle("part")
def quantity_parts(tables: Tables, study: str, quantity: str) -> Rows:
    for key, rows in groups(where(tables.quantities, study=study, quantity=quantity), "part"):
        yield {**key, "numbers": len(rows), "positions": rows["position"].notna().sum()}


@oracle("own", "-width", "depth", "batch_size", "network", "dataset", "preprocessing")
def propagation_networks(tables: Tables) -> Rows:
    shape = ("network", "dataset", "preprocessing", "depth", "width", "batch_size")
    for key, rows in groups(_computed(tables, *UNTRAINED), *shape):
        varied = {f"{axis}s": distinct(rows[axis]) for axis in ("init", "activation", "norm")}
        own = (rows["study"] == "diagnosis").any()
        yield {**key, **varied, "seeds": rows["seed"].nunique(), "cells": len(rows), "own": bool(own)}


@oracle("-comparable", "-cells", "network", "dataset", "preprocessing", "width", "batch_size", "optimizer", "steps")
def training_networks(tables: Tables) -> Rows:
    shape = ("network", "dataset", "preprocessing", "width", "batch_size", "optimizer", "steps")
    for key, rows in groups(_computed(tables, "training"), *shape):
        varied = {f"{axis}s": distinct(rows[axis]) for axis in ("init", "activation", "norm", "depth", "lr")}
        side_by_side = [
            len(same.drop_duplicates(["init", "depth"])) for _, same in groups(rows, "activation", "norm", "lr")
        ]
        counts = {"seeds": rows["seed"].nunique(), "cells": len(rows), "comparable": max(side_by_side)}
        yield {**key, **varied, **counts}


@oracle()
def nearest_trained(
    tables: Tables, activation: str, depth: int, width: int, variety: float, **allowed: list | None
) -> Rows:
    cells = among(where(_computed(tables, "training"), activation=activation), **allowed)
    shape = ("network", "dataset", "preprocessing", "activation", "depth", "width", "batch_size", "steps")
    found = []
    for key, rows in groups(cells, *shape):
        counts = {f"{axis}s": rows[axis].nunique() for axis in ("init", "norm", "lr", "optimizer", "seed")}
        distance = abs(math.log(key["depth"] / depth)) + abs(math.log(key["width"] / width)) / 2
        counts["combinations"] = len(rows.drop_duplicates(["init", "norm", "optimizer", "lr"]))
        adjusted = distance - variety * math.log(counts["combinations"])
        found.append({**key, "cells": len(rows), **counts, "distance": distance, "adjusted_distance": adjusted})
    return sorted(found, key=lambda row: (row["distance"] > 0, row["adjusted_distance"], -row["cells"]))[:20]


@oracle("-started_at")
def run_grids(tables: Tables) -> Rows:
    runs = tables.read("runs")
    for key, rows in groups(runs[runs["grid_text"].notna()], "grid", "grid_text"):
        yield {**key, "started_at": highest(rows["started_at"])}


@oracle("-started_at", "run_id")
def runs(tables: Tables) -> Rows:
    columns = [
        *("run_id", "grid", "status", "started_at", "ended_at", "seconds", "device", "device_name", "cells_total"),
        *("cells_cached", "cells_computed", "cells_diverged", "cells_failed", "batches_total", "batches_running"),
        *("code_version", "torch_version", "host", "command"),
    ]
    for run in tables.read("runs").to_dict("records"):
        kept = where(tables.cells, run_id=run["run_id"])
        yield {**{name: run[name] for name in columns}, "cells_kept": len(kept), **_batches(kept)}


def _batches(cells: pd.DataFrame) -> dict:
    failed = cells["status"] == "failed"
    return {"batches_done": cells[~failed]["batch"].nunique(), "batches_failed": cells[failed]["batch"].nunique()}


@oracle("-started_at", "run_id", "node")
def cluster_nodes(tables: Tables) -> Rows:
    runs = tables.read("runs").set_index("run_id")
    workers = tables.read("workers")[["run_id", "worker", "node", "device_name"]]
    for key, rows in groups(tables.cells.merge(workers, on=["run_id", "worker"]), "run_id", "node"):
        done, taken = (rows["status"] != "failed").sum(), sum(finite(rows["seconds"]))
        yield {
            **key,
            "started_at": runs.loc[key["run_id"], "started_at"],
            "device_name": lowest(rows["device_name"]),
            "workers": rows["worker"].nunique(),
            **_batches(rows),
            "cells": done,
            "cells_per_second": done * rows["worker"].nunique() / taken if taken else None,
        }


@oracle("kind", "name")
def scheme_cards(tables: Tables, kind: str | None) -> Rows:
    return where(tables.read("schemes"), kind=kind).to_dict("records")


@oracle("kind", "name")
def presentation(tables: Tables) -> Rows:
    said = {(row["kind"], row["name"]): row for row in tables.read("schemes").to_dict("records")}
    known = {(row["kind"], row["name"]): row for row in schemes_table().to_pylist() if _presented(row)}
    for kind, name in said.keys() | known.keys():
        card = said.get((kind, name), {})
        # A card without a label is that of an engine from before there were labels.
        row = known.get((kind, name), {}) if pd.isna(card.get("label")) else card
        usual = f"{name} norm" if kind == "normalization" else name
        yield {
            "kind": kind,
            "name": name,
            "rank": row.get("rank"),
            "colour": row.get("colour"),
            "label": row.get("label", usual),
            "alike": bool(row.get("alike") is True) if kind == "initializer" else None,
        }


def _presented(card: dict[str, Any]) -> bool:
    """Tell whether a card says more of how it is seen than its name does."""
    return card["rank"] is not None or card["colour"] is not None or card["label"] != card["name"]


@oracle("name")
def metric_labels(tables: Tables) -> Rows:
    return tables.read("metrics").to_dict("records")


@oracle("name")
def verdict_thresholds(tables: Tables) -> Rows:
    return tables.read("thresholds").to_dict("records")


@oracle("-kind", "name")
def tables_and_views(tables: Tables) -> Rows:
    for one in tables.opened.relations():
        yield {"name": one.name, "kind": one.kind, "meaning": one.comment}


@oracle()
def columns(tables: Tables, relation: str) -> Rows:
    comments = dict(
        tables.opened.query(
            "SELECT column_name, comment FROM duckdb_columns() WHERE table_name = $name", name=relation
        ).fetchall()
    )
    for name, kind, *_ in tables.opened.query(f"DESCRIBE {relation}").fetchall():
        yield {"name": name, "type": kind, "meaning": comments[name]}


@oracle("kind", "word", "relation")
def vocabulary(tables: Tables) -> Rows:
    for one in tables.opened.relations():
        yield {"kind": "relation", "word": one.name, "relation": one.name, "meaning": one.comment}
        for column in columns(tables, one.name):
            yield {"kind": "column", "word": column["name"], "relation": one.name, "meaning": column["meaning"]}
    for card in tables.read("schemes").to_dict("records"):
        yield {"kind": "name", "word": card["name"], "relation": card["kind"], "meaning": None}
    said: dict[str, list[str]] = {}
    for name, kind, text in duckdb.sql(
        "SELECT function_name, function_type, description FROM duckdb_functions()"
    ).fetchall():
        if (
            kind != "pragma"
            and name.replace("_", "").isalnum()
            and name.islower()
            and name[0].isalpha()
            and name.isascii()
        ):
            said.setdefault(name, []).extend([text] if text else [])
    for name, texts in said.items():
        yield {"kind": "function", "word": name, "relation": None, "meaning": min(texts, default=None)}
    for (word,) in duckdb.sql("FROM duckdb_keywords() SELECT keyword_name").fetchall():
        yield {"kind": "keyword", "word": word.lower(), "relation": None, "meaning": None}


@oracle("activation", "sigma_w", "init")
def weight_scales(tables: Tables, activation: str | None) -> Rows:
    layers = where(tables.layers, study="propagation", activation=activation)
    for key, rows in groups(keep(layers, [bool(finite([value])) for value in layers["sigma_w"]]), "init", "activation"):
        last = rows.sort_values(["width", "depth", "layer"]).iloc[-1]
        yield {**key, "sigma_w": last["sigma_w"], "width": lowest([rows["width"].max()])}
