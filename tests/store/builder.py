"""Believable batches without an engine: Arrow tables for every table of the journal, NaN and infinity included.

The numbers come from closed expressions of the configuration, so that a test can predict them.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from goldilocks.store import Layout, WriterLock, journal, publish, tables
from goldilocks.store.snapshots import seal

BINS = 16
TAPS = ("pre", "act", "grad")
# Who computed a cell, and in which batch.
PLACE = ("worker", "batch", "batch_place", "batch_cells", "seconds")
RUN = "20260101-000000-test"


@dataclass
class Batch:
    """Rows that grow cell by cell and become the tables of a journal entry."""

    rows: dict[str, list[dict]] = field(default_factory=lambda: {name: [] for name in tables.names()})

    def run(self, run_id: str = RUN, **changes) -> Batch:
        """Adds a run."""
        blank = dict.fromkeys(tables.schema("runs").names)
        known = {"run_id": run_id, "grid": "test", "status": "done", "started_at": datetime(2026, 1, 1)}
        self.rows["runs"].append(blank | known | changes)
        return self

    def worker(self, worker: str = "1", run_id: str = RUN, **changes) -> Batch:
        """Adds a worker of a cluster."""
        blank = dict.fromkeys(tables.schema("workers").names)
        self.rows["workers"].append(blank | {"run_id": run_id, "worker": worker, "node": "one"} | changes)
        return self

    def scheme(self, kind: str = "initializer", name: str = "xavier", **changes) -> Batch:
        """Adds a card."""
        blank = dict.fromkeys(tables.schema("schemes").names)
        self.rows["schemes"].append(
            blank | {"kind": kind, "name": name, "title": name.title(), "aliases": ["glorot"]} | changes
        )
        return self

    def maps(self, activation: str, low: float, high: float, at: Callable[[float], dict[str, Any]]) -> Batch:
        """Adds the maps of an activation: `at` gives its expectations for a variance."""
        log_q = np.arange(low, high, 1 / 8)
        found = [at(float(q)) for q in np.exp(log_q)]
        columns = {name: [one[name] for one in found] for name in found[0]}
        self.rows["activation_maps"].append({"activation": activation, "log_q": log_q.tolist(), **columns})
        return self

    def cell(self, study: str, **axes) -> str:
        """Adds a row of `cells` and returns its id."""
        results = {
            key: axes.pop(key)
            for key in ("run_id", "status", "error", "diverged_at_step", "chance", "theory_first_loss", *PLACE)
            if key in axes
        }
        defaults = {
            "study": study,
            "network": "mlp",
            "dataset": "gaussian",
            "preprocessing": "none",
            "init": "xavier",
            "activation": "tanh",
            "norm": "none",
            "depth": 4,
            "width": 8,
            "batch_size": 4,
            "seed": 0,
        }
        if study == "training":
            defaults |= {"dataset": "digits", "optimizer": "sgd", "lr": 0.1, "steps": 20}
        spec = defaults | axes
        text = json.dumps(spec, sort_keys=True, separators=(",", ":"))
        cell_id = hashlib.sha256(text.encode()).hexdigest()[:16]
        blank = dict.fromkeys(tables.schema("cells").names)
        known = {"cell_id": cell_id, "run_id": RUN, "status": "done", "seconds": 0.01, "spec": text}
        self.rows["cells"].append(blank | known | spec | results)
        return cell_id

    def propagation(self, rate: float = 1.0, backward: float = 1.0, shift: float = 0.0, **axes) -> str:
        """Adds a propagation cell whose std grows by `rate` per layer forward and gradient by `backward` backward.

        `shift` is added to what is measured; NaN or infinity make the cell diverged from its second layer on.
        """
        layers = axes.pop("layers", {})
        if not math.isfinite(shift):
            axes.setdefault("status", "diverged")
        cell_id = self.cell("propagation", **axes)
        spec = self.rows["cells"][-1]
        depth, values = spec["depth"], spec["width"] * spec["batch_size"]
        for layer in range(1, depth + 1):
            broken = layer > 1 and not math.isfinite(shift)
            std = shift if broken else rate**layer + (shift if math.isfinite(shift) else 0)
            row = dict.fromkeys(tables.schema("layers").names, std) | {
                "cell_id": cell_id,
                "layer": layer,
                "mean": 0.0 if not broken else shift,
                "min": -3 * std,
                "max": 3 * std,
                "frac_saturated": math.nan if broken else 0.25,
                "frac_zero": math.nan if broken else 0.0,
                "frac_dead_units": math.nan if broken else 0.0,
                "grad_rms": shift if broken else backward ** (depth - layer),
                "theory_std": None,
                "theory_std_band": None,
                "theory_grad_rms": None,
                "theory_grad_band": None,
                "theory_weight_grad_rms": None,
            }
            self.rows["layers"].append(row | layers)
            for tap in TAPS:
                self._histogram(cell_id, layer, tap, std, values, broken)
        return cell_id

    def diagnosis(self, shift: float = 0.0, **axes) -> str:
        """Adds a diagnosis of a network with `depth` affine sites; NaN or infinity in `shift` make it diverged."""
        broken = not math.isfinite(shift)
        usual = {"network": "net.py:make@123456", "dataset": "4x8", "init": "as_is", "formats": "", "classes": 10}
        status = {"status": "diverged"} if broken else {}
        cell_id = self.cell("diagnosis", **(usual | status | axes))
        spec = self.rows["cells"][-1]
        lists = {"shape": [4, 8], "inputs": [], "parameters": []}
        about = {"verdict": "just right", "method": "loop", "reason": "made up", "at_once": 1, "packages": "{}"}
        self.rows["diagnoses"].append({"cell_id": cell_id, **about, "unseen": ["head"], "remarks": []})
        for number in range(spec["depth"] + 1):
            size = shift if broken and number else 1.0
            names = {"cell_id": cell_id, "site": number, "label": f"{number}:linear", "layer": number or None}
            texts = {"module_name": "", "operation": "linear", "role": "stream", "module": "Linear"}
            counts = {"call": 1, "occurrence": number + 1, "unit_axis": -1}
            kinds = {"site_kind": "affine" if number else "input", "normalized_next": False, "connected": True}
            blank = dict.fromkeys(tables.schema("sites").names)
            self.rows["sites"].append(blank | names | texts | counts | kinds | lists)
            shares = {"frac_zero": 0.0, "frac_dead_units": 0.0, "frac_saturated": None, "frac_nonfinite": 1.0 * broken}
            taps = dict.fromkeys(tables.schema("taps").names, size) | shares | {"cell_id": cell_id, "site": number}
            self.rows["taps"].append(taps | {"similarity": None, "min": -size, "mean": 0.0 if not broken else size})
            if number:
                self._layer(cell_id, number, size)
        self._about_parameters(cell_id)
        return cell_id

    def _layer(self, cell_id: str, number: int, size: float) -> None:
        row = dict.fromkeys(tables.schema("layers").names) | {"cell_id": cell_id, "layer": number, "mean": 0.0}
        row |= dict.fromkeys(("std", "rms", "min", "max", "unit_std", "preact_std", "grad_rms"), size)
        self.rows["layers"].append(row)
        for tap in TAPS:
            self._histogram(cell_id, number, tap, 1.0, 32, not math.isfinite(size))

    def _about_parameters(self, cell_id: str) -> None:
        row = dict.fromkeys(tables.schema("parameters").names, 0.5) | {"cell_id": cell_id, "parameter": 0}
        row |= dict.fromkeys(("trained", "used", "connected", "floating", "treated", "got_gradient"), True)
        row |= {"name": "1.weight", "part": "weight", "module": "Linear", "shape": [8, 8], "sites": [1], "also": []}
        self.rows["parameters"].append(row | {"frac_nonfinite": 0.0, "equal_units": 0.0})
        said = {"rule": "range", "severity": "warning", "place": "1:linear", "measured": 1e5, "threshold": 65504.0}
        self.rows["findings"].append({"cell_id": cell_id, **said, "why": "Why.", "remedy": "Remedy.", "code": ""})

    def training(self, learns: float = 1.0, diverges_at: int | None = None, **axes) -> str:
        """Adds a training cell whose test accuracy rises linearly to `learns`, or is NaN from `diverges_at` on."""
        if diverges_at is not None:
            axes = {"status": "diverged", "diverged_at_step": diverges_at} | axes
        cell_id = self.cell("training", **axes)
        steps = self.rows["cells"][-1]["steps"]
        for step in range(0, steps + 1, max(1, steps // 10)):
            dead = diverges_at is not None and step >= diverges_at
            accuracy = math.nan if dead else 0.1 + (learns - 0.1) * step / steps
            loss = (math.inf if step == diverges_at else math.nan) if dead else 2.3 * (1 - accuracy)
            self.rows["curves"].append(
                {
                    "cell_id": cell_id,
                    "step": step,
                    "train_loss": loss,
                    "train_accuracy": accuracy,
                    "test_loss": loss,
                    "test_accuracy": accuracy,
                    "grad_norm": math.inf if dead else 1.0,
                    "update_ratio": math.nan if dead else 0.01,
                }
            )
        return cell_id

    def metric(self, name: str = "condition_number", **changes) -> Batch:
        """Adds the card of a quantity."""
        known = {"name": name, "label": name, "unit": "1", "meaning": f"The {name}.", "study": "preprocessing"}
        self.rows["metrics"].append(dict.fromkeys(tables.schema("metrics").names) | known | changes)
        return self

    def measurement(self, cell_id: str, quantity: str, value: float, position: float | None = None, part: str = ""):
        """Adds a measured quantity to a cell."""
        row = {"cell_id": cell_id, "quantity": quantity, "part": part, "position": position, "value": value}
        self.rows["measurements"].append(row)

    def tables(self) -> dict[str, pa.Table]:
        """Returns the tables that have rows."""
        return {
            name: pa.Table.from_pylist(rows, schema=tables.schema(name)) for name, rows in self.rows.items() if rows
        }

    def _histogram(self, cell_id: str, layer: int, tap: str, std: float, values: int, broken: bool) -> None:
        counts = np.zeros(BINS, int)
        if not broken:
            drawn = np.random.default_rng(layer).normal(0, 1, values).clip(-2, 2)
            counts = np.histogram(drawn, BINS, (-2, 2))[0]
        self.rows["layer_histograms"].append(
            {
                "cell_id": cell_id,
                "layer": layer,
                "tap": tap,
                "lo": math.nan if broken else -2 * std,
                "hi": math.nan if broken else 2 * std,
                "counts": counts.tolist(),
                "underflow": 0,
                "overflow": 0,
                "nonfinite": values if broken else 0,
            }
        )


def believable(propagation: int = 12, training: int = 12, first_seed: int = 0) -> Batch:
    """Makes a batch of `propagation` and `training` cells over several schemes and seeds, some of them diverged."""
    batch = Batch().run().worker().scheme().scheme("activation", "tanh").metric()
    schemes = (("xavier", 1.0), ("normal(std=0.01)", 0.5), ("normal(std=0.05)", 1.5), ("kaiming", math.nan))
    for number in range(propagation):
        init, rate = schemes[number % 4]
        norm = ("none", "batch")[number // 4 % 2]
        good = math.isfinite(rate)
        batch.propagation(
            rate=1.0 if norm == "batch" or not good else rate,
            shift=0.0 if good else math.nan,
            init=init,
            norm=norm,
            seed=first_seed + number // 8,
        )
    if batch.rows["cells"]:
        batch.measurement(batch.rows["cells"][0]["cell_id"], "condition_number", math.inf)
    for number in range(training):
        init, rate = schemes[number % 4]
        norm = ("none", "batch")[number // 4 % 2]
        batch.training(
            learns=1.0 if norm == "batch" or rate == 1.0 else 0.5,
            diverges_at=None if math.isfinite(rate) or norm == "batch" else 6,
            init=init,
            norm=norm,
            seed=first_seed + number // 8,
        )
    return batch


@contextmanager
def rewritten(file: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Opens a snapshot for writing, and gives it a new digest: it is then as if this code had published it so."""
    file.chmod(0o644)
    with duckdb.connect(str(file)) as connection:
        yield connection
    seal.seal(file, file)


def write(path: Path, *batches: Batch, published: bool = True) -> Layout:
    """Makes a store with one journal entry per batch."""
    layout = Layout.at(path)
    with WriterLock(layout):
        for batch in batches:
            journal.append(layout, "test", batch.tables())
        if published:
            publish(layout)
    return layout
