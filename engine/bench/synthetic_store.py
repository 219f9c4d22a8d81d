"""Journal entries of any number of cells, shaped like what the engine writes, without computing a network.

The axes are crossed as a grid crosses them, ids are the hashes of specs, and the numbers have the spread of real ones,
so that files compress and queries group as they would; only the numbers' meaning is missing.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import islice, product
from typing import Any

import numpy as np
import pyarrow as pa

from goldilocks import store
from goldilocks.engine.catalog import metrics_table, schemes_table
from goldilocks.engine.statistics import BINS
from goldilocks.engine.training.curves import LOGGED_INTERVALS
from goldilocks.store import journal, tables

STEPS, DEPTH, BATCH, RUN = 200, 20, 64, "synthetic"
CELLS_PER_ENTRY = 1000
TAPS = ("pre", "act", "grad")
# As many different histograms; each layer gets one of them.
HISTOGRAMS = 4096
# Of propagation cells.
LEAST_WIDTH = 64
DIVERGED_SHARE = 0.03

SEEDS = range(3)
INITS = tuple(f"normal(std={2.0**-k})" for k in range(1, 19))
NORMS = ("none", "batch", "layer", "rms", "group")
ACTIVATIONS = (
    *("linear", "sigmoid", "tanh", "relu", "elu", "selu", "gelu"),
    *("silu", "softplus", "softsign", "mish", "hardtanh", "erf", "sin"),
)
DEPTHS = (2, 5, 10, 20, 50)
RATES = tuple(10.0 ** (-k / 2) for k in range(8))
SHAPES = tuple(product(("digits", "fashion-small"), (32, 64, 128), ("sgd", "adam")))

Axes = dict[str, Any]


def training_axes() -> Iterator[Axes]:
    """Yield training configurations; those that one program would compute are neighbours."""
    for (dataset, width, optimizer), depth, activation, norm, init, lr, seed in product(
        SHAPES, DEPTHS, ACTIVATIONS, NORMS, INITS, RATES, SEEDS
    ):
        yield {
            **_shared(dataset, width, depth, activation, norm, init, seed),
            **{"study": "training", "preprocessing": "standardize", "optimizer": optimizer, "lr": lr, "steps": STEPS},
        }


def propagation_axes() -> Iterator[Axes]:
    """Yield propagation configurations."""
    for number, seed, activation, norm, init in product(range(60), SEEDS, ACTIVATIONS, NORMS, INITS):
        yield {
            **_shared("gaussian", LEAST_WIDTH + number, DEPTH, activation, norm, init, seed),
            **{"study": "propagation", "preprocessing": "raw", "optimizer": None, "lr": None, "steps": None},
        }


def _shared(dataset: str, width: int, depth: int, activation: str, norm: str, init: str, seed: int) -> Axes:
    return {
        "network": "mlp",
        "dataset": dataset,
        "init": init,
        "activation": activation,
        "norm": norm,
        "depth": depth,
        "width": width,
        "batch_size": BATCH,
        "seed": seed,
    }


class SyntheticStore:
    """A store that grows entry by entry.

    Args:
        layout: where.
        training: cells in all of the study training.
        propagation: cells in all of the study propagation.
    """

    def __init__(self, layout: store.Layout, training: int, propagation: int):
        self.layout = layout
        self.random = np.random.default_rng(0)
        self._training = islice(training_axes(), training)
        self._propagation = islice(propagation_axes(), propagation)
        values = self.random.normal(size=(HISTOGRAMS, BATCH * LEAST_WIDTH)).clip(-4, 4)
        self._histograms = np.stack([np.histogram(row, BINS, (-4, 4))[0] for row in values]).astype(np.int32)

    def begin(self) -> None:
        """Write the run and the cards."""
        row = dict.fromkeys(tables.schema("runs").names) | {
            "run_id": RUN,
            "grid": RUN,
            "status": "done",
            "started_at": datetime(2026, 1, 1),
        }
        runs = tables.of_rows("runs", [row])
        journal.append(self.layout, "run", {"runs": runs, "schemes": schemes_table(), "metrics": metrics_table()})

    def skip(self, training: int) -> None:
        """Leave out so many training cells, which the store has already."""
        self._training = islice(self._training, training, None)

    def grow(self, entries: int | None = None) -> int:
        """Write so many more entries, or all that are left, and return the number of their cells."""
        written = 0
        for batch in islice(self._batches(), entries):
            journal.append(self.layout, "synthetic", batch)
            written += batch["cells"].num_rows
        return written

    def _batches(self) -> Iterator[dict[str, pa.Table]]:
        while axes := list(islice(self._training, CELLS_PER_ENTRY)):
            cells = self._cells(axes)
            yield {"cells": cells, "curves": self._curves(cells)}
        while axes := list(islice(self._propagation, CELLS_PER_ENTRY)):
            cells = self._cells(axes)
            layers = self._layers(cells)
            yield {"cells": cells, "layers": layers, "layer_histograms": self._layer_histograms(cells, layers)}

    def _cells(self, axes: Sequence[Axes]) -> pa.Table:
        specs = [json.dumps(one, sort_keys=True, separators=(",", ":")) for one in axes]
        columns: dict[str, Any] = {name: [one[name] for one in axes] for name in axes[0]}
        diverged = self.random.random(len(axes)) < DIVERGED_SHARE
        columns |= {
            "cell_id": [hashlib.sha256(spec.encode()).hexdigest()[:16] for spec in specs],
            "spec": specs,
            "run_id": [RUN] * len(axes),
            "status": np.where(diverged, "diverged", "done"),
            "diverged_at_step": pa.array(np.full(len(axes), STEPS // 2), mask=~diverged),
            "seconds": self.random.random(len(axes)),
        }
        return _complete("cells", columns, len(axes))

    def _curves(self, cells: pa.Table) -> pa.Table:
        ids, points = cells["cell_id"], LOGGED_INTERVALS + 1
        steps = np.linspace(0, STEPS, points, dtype=np.int32)
        names = ("train_loss", "train_accuracy", "test_loss", "test_accuracy", "grad_norm", "update_ratio")
        gone = (cells["status"].to_numpy() == "diverged")[:, None] & (steps > STEPS // 2)
        values = {name: self._floats((len(ids), points)) for name in names}
        columns = {name: np.where(gone, np.float32(np.nan), value).ravel() for name, value in values.items()}
        return _complete("curves", {**_repeated(ids, points), "step": np.tile(steps, len(ids)), **columns}, gone.size)

    def _layers(self, cells: pa.Table) -> pa.Table:
        ids, rows = cells["cell_id"], len(cells) * DEPTH
        names = [field.name for field in tables.schema("layers") if pa.types.is_floating(field.type)]
        layer = np.tile(np.arange(1, DEPTH + 1, dtype=np.int32), len(ids))
        broken = np.repeat(cells["status"].to_numpy() == "diverged", DEPTH) & (layer > DEPTH // 2)
        columns = {name: np.where(broken, np.float32(np.nan), self._floats(rows)) for name in names}
        return _complete("layers", {**_repeated(ids, DEPTH), "layer": layer, **columns}, rows)

    def _layer_histograms(self, cells: pa.Table, layers: pa.Table) -> pa.Table:
        rows = len(layers) * len(TAPS)
        counts = self._histograms[self.random.integers(HISTOGRAMS, size=rows)]
        widths = self.random.choice(np.float32(2.0) ** np.arange(-8, 4), rows)
        offsets = np.arange(rows + 1, dtype=np.int32) * BINS
        beyond = BATCH * (cells["width"].to_numpy() - LEAST_WIDTH).repeat(DEPTH * len(TAPS))
        columns = {
            **_repeated(layers["cell_id"], len(TAPS)),
            "layer": np.repeat(layers["layer"].to_numpy(), len(TAPS)),
            "tap": np.tile(TAPS, len(layers)),
            "lo": -widths * self._floats(rows),
            "hi": widths * self._floats(rows),
            "counts": pa.ListArray.from_arrays(offsets, counts.ravel()),
            "underflow": beyond,
            **dict.fromkeys(("overflow", "nonfinite"), np.zeros(rows, np.int32)),
        }
        return _complete("layer_histograms", columns, rows)

    def _floats(self, shape: Any) -> np.ndarray:
        """Draw shares: positive, below 1, with a full mantissa, as measured ones have."""
        return self.random.random(shape, dtype=np.float32)


def _repeated(ids: pa.ChunkedArray, times: int) -> dict[str, Any]:
    return {"cell_id": ids.combine_chunks().take(pa.array(np.repeat(np.arange(len(ids)), times)))}


def _complete(name: str, columns: dict[str, Any], rows: int) -> pa.Table:
    """Return the columns as a table with null in those that lack."""
    schema = tables.schema(name)
    missing = {field.name: pa.nulls(rows, field.type) for field in schema if field.name not in columns}
    return pa.table(columns | missing).select(schema.names)
