"""A store as large as the afternoon's grid on a GPU leaves behind, made in a minute without computing a single network.

python -m tests.dashboard.large_store /tmp/large/grid.duckdb [--training 60000] [--points 100] [--propagation 20000]
"""

import argparse
import hashlib
import itertools
from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa

from goldilocks.store import Layout, WriterLock, journal, publish, tables

INITS = (
    "normal(std=0.01)", "normal(std=0.05)", "xavier", "kaiming", "kaiming_slip", "torch_default", "orthogonal", "zeros",
    "xavier_normal", "xavier_uniform", "kaiming_normal", "kaiming_uniform", "uniform(bound=0.1)",
)  # fmt: skip
ACTIVATIONS = ("tanh", "relu", "gelu", "sigmoid", "linear", "leaky_relu")
NORMS = ("none", "batch")
DEPTHS = (2, 5, 10, 15, 20, 30, 40, 50)
RATES = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
OPTIMIZERS = ("sgd", "adam")
SEEDS = (0, 1, 2)
LAYERS, BINS = 10, 32
PER_ENTRY = 5000
RUN = "20260101-000000-large"


def build(path: str | Path, training: int, points: int, propagation: int) -> Layout:
    """Write and publish a store.

    Args:
        path: the DuckDB file.
        training: number of training cells.
        points: logged points of each.
        propagation: number of propagation cells, of LAYERS layers each.
    """
    layout = Layout.at(path)
    random = np.random.default_rng(0)
    with WriterLock(layout):
        run = dict.fromkeys(tables.schema("runs").names)
        run |= {"run_id": RUN, "grid": "large", "status": "done", "started_at": datetime(2026, 1, 1)}
        journal.append(layout, "run", {"runs": pa.Table.from_pylist([run], schema=tables.schema("runs"))})
        for cells in _pieces(_training_cells(), training):
            journal.append(
                layout, "training", {"cells": _table("cells", cells), "curves": _curves(cells, points, random)}
            )
        for cells in _pieces(_propagation_cells(), propagation):
            measured = {"layers": _layers(cells, random), "layer_histograms": _histograms(cells, random)}
            journal.append(layout, "propagation", {"cells": _table("cells", cells), **measured})
        publish(layout)
    return layout


def _pieces(cells, count):
    wanted = itertools.islice(cells, count)
    while piece := list(itertools.islice(wanted, PER_ENTRY)):
        yield piece


def _cell(**axes):
    row = dict.fromkeys(tables.schema("cells").names)
    text = repr(sorted(axes.items()))
    identity = {"cell_id": hashlib.sha256(text.encode()).hexdigest()[:16], "run_id": RUN, "spec": "{}"}
    return row | {"network": "mlp", "status": "done", "seconds": 0.01} | identity | axes


def _training_cells():
    common = {"study": "training", "dataset": "digits", "preprocessing": "standardize", "batch_size": 64, "steps": 200}
    for seeds in itertools.count(step=len(SEEDS)):
        for optimizer, depth, init, activation, norm, lr, seed in itertools.product(
            OPTIMIZERS, DEPTHS, INITS, ACTIVATIONS, NORMS, RATES, SEEDS
        ):
            axes = {"optimizer": optimizer, "depth": depth, "init": init, "activation": activation, "norm": norm}
            cell = _cell(**common, **axes, width=64, lr=lr, seed=seeds + seed)
            if lr >= 1 and norm == "none":
                cell |= {"status": "diverged", "diverged_at_step": 20}
            yield cell


def _propagation_cells():
    common = {"study": "propagation", "dataset": "gaussian", "preprocessing": "raw", "batch_size": 16, "width": 512}
    for seed in itertools.count():
        for init, activation, norm in itertools.product(INITS, ACTIVATIONS, NORMS):
            yield _cell(**common, init=init, activation=activation, norm=norm, depth=LAYERS, seed=seed)


def _table(name, rows):
    return pa.Table.from_pylist(rows, schema=tables.schema(name))


def _curves(cells, points, random):
    count = len(cells)
    step = np.tile(np.linspace(0, 200, points).astype(np.int32), count)
    best = np.repeat(random.uniform(0.1, 1.0, count), points)
    accuracy = 0.1 + (best - 0.1) * step / 200
    lost = np.repeat([cell["status"] == "diverged" for cell in cells], points) & (step >= 20)
    accuracy = np.where(lost, np.nan, accuracy).astype(np.float32)
    loss = (2.3 * (1 - accuracy)).astype(np.float32)
    columns = {
        "cell_id": np.repeat([cell["cell_id"] for cell in cells], points), "step": step, "train_loss": loss,
        "train_accuracy": accuracy, "test_loss": loss, "test_accuracy": accuracy,
        "grad_norm": np.ones(len(step), np.float32), "update_ratio": np.full(len(step), 1e-3, np.float32),
    }  # fmt: skip
    return tables.conform("curves", pa.table(columns))


def _layers(cells, random):
    count = len(cells) * LAYERS
    layer = np.tile(np.arange(1, LAYERS + 1, dtype=np.int32), len(cells))
    rate = np.repeat(random.uniform(0.6, 1.3, len(cells)), LAYERS)
    values = {name: np.full(count, 0.1, np.float32) for name in tables.schema("layers").names}
    values["std"] = (rate**layer).astype(np.float32)
    values["grad_rms"] = (rate ** (LAYERS - layer)).astype(np.float32)
    values |= {"cell_id": np.repeat([cell["cell_id"] for cell in cells], LAYERS), "layer": layer}
    return tables.conform("layers", pa.table(values))


def _histograms(cells, random):
    count = len(cells) * LAYERS * 3
    flat = random.integers(0, 500, count * BINS, dtype=np.int32)
    zeros = np.zeros(count, np.int32)
    columns = {
        "cell_id": np.repeat([cell["cell_id"] for cell in cells], LAYERS * 3),
        "layer": np.tile(np.repeat(np.arange(1, LAYERS + 1, dtype=np.int32), 3), len(cells)),
        "tap": np.tile(["pre", "act", "grad"], len(cells) * LAYERS),
        "lo": np.full(count, -2, np.float32), "hi": np.full(count, 2, np.float32),
        "counts": pa.ListArray.from_arrays(np.arange(0, count * BINS + 1, BINS, dtype=np.int32), flat),
        "underflow": zeros, "overflow": zeros, "nonfinite": zeros,
    }  # fmt: skip
    return tables.conform("layer_histograms", pa.table(columns))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path")
    parser.add_argument("--training", type=int, default=60_000)
    parser.add_argument("--points", type=int, default=100)
    parser.add_argument("--propagation", type=int, default=20_000)
    options = parser.parse_args()
    print(build(options.path, options.training, options.points, options.propagation))


if __name__ == "__main__":
    main()
