"""The loop: what the store lacks is planned, computed batch by batch, journaled, and published meanwhile.

A finished batch is a journal entry; resuming is a set difference. Killed at any moment, a run loses at most the batch
in flight.
"""

import gc
import time
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import torch

import store
from engine.catalogue import metrics_table, schemes_table
from engine.device import Device, choose_device
from engine.execution.allocator import keep_freed_memory
from engine.execution.progress import Reporter, Silence
from engine.execution.provenance import RunRecord, new_run_id
from engine.execution.publication import Publisher
from engine.grid.backbone import with_backbone
from engine.grid.cell import Cell
from engine.grid.plan import Batch, plan
from engine.grid.spec import Grid, load_grid
from engine.plugins import load as load_plugins
from engine.studies.base import Outcome
from store import journal, tables


class Interrupted(Exception):
    """The user stopped the run; finished batches are kept.

    Attributes:
        summary: what was done until then.
    """

    def __init__(self, summary: dict[str, Any]):
        super().__init__("interrupted")
        self.summary = summary


def run(
    grid: str | Path | Grid,
    store: str | Path | None = None,
    device: str = "auto",
    *,
    fresh: bool = False,
    plugins: Sequence[str | Path] = (),
    tf32: bool = False,
    backbone: str | None = None,
    reporter: Reporter | None = None,
) -> dict[str, Any]:
    """Compute the cells of a grid that the store lacks.

    Args:
        grid: a preset's name, the path of a grid file, or a grid.
        store: path of the DuckDB file; None means `$GOLDILOCKS_STORE` or `data/grid.duckdb`.
        device: `auto`, `cpu`, `cuda`, `cuda:N` or `mps`.
        fresh: whether to compute again what is done.
        plugins: Python files that register members of the user's own.
        tf32: whether products on a CUDA device may round their factors to TF32.
        backbone: `package.module:function` that returns a pretrained network, for cells of the study `transfer`.
        reporter: told about the progress; None means silence.

    Returns:
        The summary of the run, as `python -m engine run --json` prints it.

    Raises:
        RequestError: the request is wrong; nothing was started.
        StoreError: the store cannot be used, for instance because another run is writing to it.
        Interrupted: stopped by the user; finished batches are kept.
    """
    load_plugins(plugins)
    wanted = grid if isinstance(grid, Grid) else load_grid(grid)
    if backbone is not None:
        wanted = with_backbone(wanted, backbone)
    reporter = reporter or Silence()
    for remark in wanted.remarks:
        reporter.say(remark)
    execution = Execution(wanted, _layout(store), choose_device(device, tf32), reporter)
    return execution.run(fresh)


def _layout(path: str | Path | None) -> store.Layout:
    return store.Layout.at(path)


class Execution:
    """One run of a grid.

    Args:
        grid: what to compute.
        layout: the store it goes to.
        device: where to compute.
        reporter: told about the progress.
    """

    def __init__(self, grid: Grid, layout: store.Layout, device: Device, reporter: Reporter):
        self.grid, self.layout, self.device, self.reporter = grid, layout, device, reporter
        self.publisher = Publisher(layout)
        self.start = time.monotonic()
        self.work_done = 0.0
        self.cell_steps = 0
        self.batches = 0

    def run(self, fresh: bool) -> dict[str, Any]:
        """Compute what is missing; see `run`."""
        keep_freed_memory()
        with store.WriterLock(self.layout):
            self._close_abandoned_runs()
            done = set() if fresh else store.done_cells(self.layout)
            missing = [cell for cell in self.grid.cells if cell.cell_id not in done]
            batches = plan(missing, self.device)
            for dataset in dict.fromkeys(cell.dataset for cell in missing):
                dataset.fetch(self.reporter.download)
            self.record = RunRecord(
                new_run_id(), self.grid, self.device, len(self.grid.cells), len(self.grid.cells) - len(missing)
            )
            if missing:
                self._compute(batches)
            self.publisher.publish()
        summary = self.summary()
        if self.record.status == "interrupted":
            raise Interrupted(summary)
        return summary

    def _close_abandoned_runs(self) -> None:
        """Mark runs whose process vanished: whoever holds the writer lock is the only one that can be running."""
        self.publisher.publish()
        if not self.layout.path.exists():
            return
        with store.open(self.layout) as handle:
            abandoned = handle.query("SELECT * FROM runs WHERE status = 'running'").arrow()
        if abandoned.num_rows:
            place = abandoned.schema.get_field_index("status")
            killed = abandoned.set_column(place, "status", pa.array(["killed"] * abandoned.num_rows))
            journal.append(self.layout, "run", {"runs": killed})

    def _compute(self, batches: Sequence[Batch]) -> None:
        self._journal_record(schemes=schemes_table(), metrics=metrics_table())
        status = "interrupted"
        try:
            with self.reporter as reporter:
                reporter.start(sum(len(batch.cells) for batch in batches), sum(batch.cost.flops for batch in batches))
                for batch in batches:
                    self._compute_batch(batch)
                    self.publisher.publish_if_due()
            status = "failed" if self.record.cells_failed else "done"
        except KeyboardInterrupt:
            self.reporter.say("Interrupted: finished batches are kept; the same command goes on from here.")
        finally:
            self.record.end(status)
            self._journal_record()

    def _compute_batch(self, batch: Batch) -> None:
        start = time.monotonic()
        try:
            outcome = batch.study.run(batch.cells, self.device.torch_device, lambda share: self._advance(batch, share))
            self.device.synchronize()
        except Exception as error:
            if _out_of_memory(error) and len(batch.cells) > 1:
                return self._compute_halves(batch)
            self._fail(batch, error, time.monotonic() - start)
        else:
            self._keep(batch, outcome, time.monotonic() - start)
        self.work_done += batch.cost.flops
        self._advance(batch, 0.0)

    def _compute_halves(self, batch: Batch) -> None:
        gc.collect()
        if self.device.torch_device.type == "cuda":
            torch.cuda.empty_cache()
        self.reporter.say(f"Out of memory with {len(batch.cells)} cells at once: trying half as many.")
        middle = len(batch.cells) // 2
        for half in (batch.cells[:middle], batch.cells[middle:]):
            self._compute_batch(Batch(batch.study, half, batch.study.cost(half, self.device.torch_device)))

    def _keep(self, batch: Batch, outcome: Outcome, seconds: float) -> None:
        status = ["diverged" if diverged else "done" for diverged in outcome.diverged]
        rows = self._rows(batch.cells, seconds)
        for row, state, step in zip(rows, status, outcome.diverged_at, strict=True):
            row |= {"status": state, "diverged_at_step": step}
        self._journal_batch(batch, rows, outcome.tables)
        self.record.cells_computed += len(rows)
        self.cell_steps += sum(getattr(cell, "steps", 0) for cell in batch.cells)
        self.record.cells_diverged += status.count("diverged")

    def _fail(self, batch: Batch, error: Exception, seconds: float) -> None:
        reason = "".join(traceback.format_exception_only(error)).strip()
        rows = [row | {"status": "failed", "error": reason} for row in self._rows(batch.cells, seconds)]
        self._journal_batch(batch, rows, {})
        self.record.cells_failed += len(rows)
        self.reporter.say(f"{len(rows)} cells failed, recorded in the table cells: {reason}")

    def _rows(self, cells: Sequence[Cell], seconds: float) -> list[dict[str, Any]]:
        self.batches += 1
        shared = {
            "run_id": self.record.run_id,
            "batch": self.batches,
            "batch_cells": len(cells),
            "seconds": seconds / len(cells),
            "error": None,
            "diverged_at_step": None,
        }
        return [cell.row() | shared | {"batch_place": place} for place, cell in enumerate(cells)]

    def _journal_batch(self, batch: Batch, rows: list[dict[str, Any]], measured: dict[str, pa.Table]) -> None:
        cells = pa.Table.from_pylist(rows, schema=tables.schema("cells"))
        journal.append(self.layout, batch.study.name, {"cells": cells, **measured})

    def _journal_record(self, **more: pa.Table) -> None:
        journal.append(self.layout, "run", {"runs": self.record.table(), **more})

    def _advance(self, batch: Batch, share: float) -> None:
        finished = self.record.cells_computed + self.record.cells_failed
        self.reporter.advance(finished, self.work_done + share * batch.cost.flops)

    def summary(self) -> dict[str, Any]:
        """Return what `python -m engine run --json` prints."""
        record, seconds = self.record, time.monotonic() - self.start
        return {
            "run_id": record.run_id,
            "grid": self.grid.name,
            "device": str(self.device.torch_device),
            "device_name": self.device.name,
            "cells_total": record.cells_total,
            "cells_cached": record.cells_cached,
            "cells_computed": record.cells_computed,
            "cells_diverged": record.cells_diverged,
            "cells_failed": record.cells_failed,
            "seconds": round(seconds, 3),
            "cell_steps_per_second": round(self.cell_steps / seconds, 1),
            "store": str(self.layout.path),
            "snapshot": self.layout.resolve().stem,
        }


def _out_of_memory(error: Exception) -> bool:
    return isinstance(error, MemoryError | torch.OutOfMemoryError) or "not enough memory" in str(error)
