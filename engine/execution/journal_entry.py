"""What a finished batch becomes: the tables of one journal entry, whoever writes it."""

from typing import Any

import pyarrow as pa

from goldilocks.engine.execution.job import Done, Failure
from goldilocks.engine.studies.base import Outcome
from goldilocks.store import tables


def entry(run_id: str, done: Done) -> dict[str, pa.Table]:
    """Return the tables of the journal entry of a batch; it names the worker, so that it can stand alone.

    Args:
        run_id: the run.
        done: what became of the batch: an outcome or a failure.
    """
    workers = [done.worker.row(run_id)] if done.worker else []
    about = {"workers": tables.of_rows("workers", workers)}
    if isinstance(done.result, Failure):
        rows: list[dict[str, Any]] = [{"status": "failed", "error": done.result.reason} for _ in done.job.batch.cells]
        return {**about, "cells": _cells(run_id, done, rows)}
    assert isinstance(done.result, Outcome)
    status = ("diverged" if diverged else "done" for diverged in done.result.diverged)
    chance, first_losses = done.result.chance, done.result.first_losses or [None] * len(done.result.cell_ids)
    rows = [
        {"status": state, "diverged_at_step": step, "chance": chance, "theory_first_loss": loss}
        for state, step, loss in zip(status, done.result.diverged_at, first_losses, strict=True)
    ]
    return {**about, "cells": _cells(run_id, done, rows), **done.result.tables}


def diverged(entry: dict[str, pa.Table]) -> int:
    """Return how many cells of an entry met a non-finite value."""
    return entry["cells"]["status"].to_pylist().count("diverged")


def _cells(run_id: str, done: Done, results: list[dict[str, Any]]) -> pa.Table:
    cells = done.job.batch.cells
    shared = {
        "run_id": run_id,
        "batch": done.job.number,
        "batch_cells": len(cells),
        "seconds": done.seconds / len(cells),
        "error": None,
        "diverged_at_step": None,
        "worker": done.worker.name if done.worker else None,
    }
    rows = [
        cell.row() | shared | {"batch_place": place} | result
        for place, (cell, result) in enumerate(zip(cells, results, strict=True))
    ]
    return tables.of_rows("cells", rows)
