"""The loop: what the store lacks is planned, computed batch by batch, journaled, and published meanwhile.

A finished batch is a journal entry; resuming is a set difference. Killed at any moment, a run loses at most the batches
in flight. Where they are computed is the executor's business.
"""

import time
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import Any

import pyarrow as pa

from goldilocks.engine.catalog import metrics_table, schemes_table
from goldilocks.engine.device import choose_device
from goldilocks.engine.execution import journal_entry
from goldilocks.engine.execution.allocator import keep_freed_memory
from goldilocks.engine.execution.cluster import Cluster
from goldilocks.engine.execution.cluster_executor import cluster_executor
from goldilocks.engine.execution.executor import ClusterLost, Executor
from goldilocks.engine.execution.interruption import interruptible
from goldilocks.engine.execution.job import Done, Failure, Job, SpooledResult
from goldilocks.engine.execution.local import AUTO, LocalExecutor
from goldilocks.engine.execution.progress import Reporter, Silence
from goldilocks.engine.execution.provenance import RunRecord, new_run_id
from goldilocks.engine.execution.publication import Publisher
from goldilocks.engine.execution.worker import WorkerConfig
from goldilocks.engine.grid.backbone import with_backbone
from goldilocks.engine.grid.plan import Batch
from goldilocks.engine.grid.shard import part
from goldilocks.engine.grid.spec import Grid, load_grid
from goldilocks.engine.networks.factories import named
from goldilocks.engine.plugins import load as load_plugins
from goldilocks.engine.plugins import sources
from goldilocks.engine.theory.map_table import activation_maps
from goldilocks.store import Layout, WriterLock, done_cells, journal, tables
from goldilocks.store import open as open_store
from goldilocks.store.writing import spool


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
    shard: str | None = None,
    workers: int | str = AUTO,
    cluster: Cluster | None = None,
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
        backbone: `package.module:function` that returns a pretrained network, for cells of the study `transfer`; no
            other function that the grid names is called.
        shard: `I/N` takes the I-th of N parts of the grid, the same on every machine; None takes all of it.
        workers: processes of this machine that compute; `auto` takes several on a processor where that is sooner done.
        cluster: whose workers compute; None means this machine.
        reporter: shows the progress; None means silence.

    Returns:
        The summary of the run, as `goldilocks run --json` prints it.

    Raises:
        RequestError: the request is wrong; nothing was started.
        StoreError: the store cannot be used, for instance because another run is writing to it.
        Interrupted: stopped by the user; finished batches are kept.
    """
    load_plugins(plugins)
    with named(backbone):
        wanted = grid if isinstance(grid, Grid) else load_grid(grid)
        if backbone is not None:
            wanted = with_backbone(wanted, backbone)
        wanted = part(wanted, shard)
        layout, run_id, reporter = Layout.at(store), new_run_id(), reporter or Silence()
        shared = cluster.spool if cluster else None
        config = WorkerConfig(run_id, device, tf32, sources(plugins), shared, backbone)
        executor: Executor
        if cluster is None:
            executor = LocalExecutor(choose_device(device, tf32), config, workers)
        else:
            executor = cluster_executor(cluster, config, reporter.say)
        for remark in wanted.remarks:
            reporter.say(remark)
        return Execution(run_id, wanted, layout, executor, reporter).run(fresh)


class Execution:
    """One run of a grid.

    Args:
        run_id: name of the run.
        grid: what to compute.
        layout: the store it goes to.
        executor: computes the batches.
        reporter: shows the progress.
    """

    def __init__(self, run_id: str, grid: Grid, layout: Layout, executor: Executor, reporter: Reporter):
        self.run_id, self.grid, self.layout, self.executor, self.reporter = run_id, grid, layout, executor, reporter
        self.publisher = Publisher(layout)
        self.start = time.monotonic()
        self.work_done = 0.0
        # Of the batches that are being computed, by number.
        self.work_begun: dict[int, float] = {}
        self.cell_steps = 0
        self.numbers = count(1)
        self.cells_of_node: Counter[str] = Counter()
        self.reasons: set[str] = set()

    def run(self, fresh: bool) -> dict[str, Any]:
        """Compute what is missing; see `run`."""
        keep_freed_memory()
        with self.executor, WriterLock(self.layout):
            self._close_abandoned_runs()
            done = set() if fresh else done_cells(self.layout)
            missing = [cell for cell in self.grid.cells if cell.cell_id not in done]
            with interruptible():
                batches = self.executor.plan(missing)
                self.executor.prepare(
                    list(dict.fromkeys(one for cell in missing for one in cell.datasets)), self.reporter.download
                )
            # What is refused leaves nothing behind.
            self._journal_maps()
            cached = len(self.grid.cells) - len(missing)
            self.record = RunRecord(
                self.run_id, self.grid, self.executor.process, len(self.grid.cells), cached, len(batches)
            )
            if missing:
                self._compute(batches)
            elif not self.layout.path.exists():
                # The part of a small grid may have no cells; its store can be merged like that of any other.
                self._journal_record(schemes=schemes_table(), metrics=metrics_table())
                self.record.end("done")
                self._journal_record()
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
        with open_store(self.layout) as handle:
            abandoned = handle.query("SELECT * FROM runs WHERE status = 'running'").arrow()
            known = {run_id for (run_id,) in handle.query("SELECT run_id FROM runs").fetchall()}
        if self.executor.spool:
            for entry in spool.waiting(self.executor.spool, known):
                spool.adopt(self.layout, entry)
        if abandoned.num_rows:
            place = abandoned.schema.get_field_index("status")
            killed = abandoned.set_column(place, "status", pa.array(["killed"] * abandoned.num_rows))
            journal.append(self.layout, "run", {"runs": killed})

    def _journal_maps(self) -> None:
        """Write down the maps of activations that the store has not, or has otherwise."""
        known = tables.of_rows("activation_maps", [])
        if self.layout.path.exists():
            with open_store(self.layout) as handle:
                known = tables.conform("activation_maps", handle.query("FROM activation_maps").arrow())
        places = {name: place for place, name in enumerate(known["activation"].to_pylist())}
        made = activation_maps()
        news = [
            name not in places or not made.slice(row, 1).equals(known.slice(places[name], 1))
            for row, name in enumerate(made["activation"].to_pylist())
        ]
        if any(news):
            journal.append(self.layout, "maps", {"activation_maps": made.filter(pa.array(news))})

    def _compute(self, batches: Sequence[Batch]) -> None:
        self._journal_record(schemes=schemes_table(), metrics=metrics_table())
        status = "interrupted"
        jobs = deque(Job(next(self.numbers), batch) for batch in batches)
        try:
            with self.reporter as reporter:
                reporter.start(sum(len(batch.cells) for batch in batches), sum(batch.cost.flops for batch in batches))
                finished = self.executor.compute(jobs, self._advance)
                while done := self._next(finished):
                    self._take(done, jobs)
                    self.publisher.publish_if_due(self._journal_progress)
            status = "failed" if self.record.cells_failed else "done"
        except KeyboardInterrupt:
            self.reporter.say("Interrupted: finished batches are kept; the same command resumes from here.")
        except ClusterLost as loss:
            self.reporter.say(f"{loss} Finished batches are kept; the same command resumes from here.")
        finally:
            self.record.batches_running = 0
            self.record.end(status)
            self._journal_record()

    @staticmethod
    def _next(finished: Iterator[Done]) -> Done | None:
        # Here alone: what is finished is written down and published whole.
        with interruptible():
            return next(finished, None)

    def _journal_progress(self) -> None:
        self.record.batches_running = self.executor.running
        self._journal_record()

    def _take(self, done: Done, jobs: deque[Job]) -> None:
        batch = done.job.batch
        self.work_begun.pop(done.job.number, None)
        if isinstance(done.result, Failure) and len(batch.cells) > 1:
            return self._halve(batch, done.result, jobs)
        if isinstance(done.result, Failure):
            self._fail(done, done.result)
        else:
            self._keep(done)
        self.work_done += batch.cost.flops
        self._report()

    def _halve(self, batch: Batch, failure: Failure, jobs: deque[Job]) -> None:
        """Compute the halves of a batch that failed: fewer cells need less memory, and one alone may be to blame."""
        why = "Out of memory" if failure.out_of_memory else failure.reason
        self._say_once(why, f"{why} with {len(batch.cells)} cells at once: retrying with half as many.")
        jobs.extendleft(Job(next(self.numbers), half) for half in reversed(batch.halves()))
        self.record.batches_total += 1

    def _keep(self, done: Done) -> None:
        cells = done.job.batch.cells
        if isinstance(done.result, SpooledResult):
            spool.adopt(self.layout, done.result.entry)
            diverged = done.result.diverged
        else:
            entry = journal_entry.entry(self.run_id, done)
            journal.append(self.layout, done.job.batch.study.name, entry)
            diverged = journal_entry.diverged(entry)
        self.record.cells_computed += len(cells)
        self.record.cells_diverged += diverged
        self.cell_steps += sum(getattr(cell, "steps", 0) for cell in cells)
        if done.worker:
            self.cells_of_node[done.worker.node] += len(cells)
            self.reporter.nodes(self.cells_of_node)

    def _fail(self, done: Done, failure: Failure) -> None:
        cells = len(done.job.batch.cells)
        journal.append(self.layout, done.job.batch.study.name, journal_entry.entry(self.run_id, done))
        self.record.cells_failed += cells
        self._say_once(f"failed: {failure.reason}", f"Failed; recorded in cells.error: {failure.reason}")

    def _say_once(self, reason: str, sentence: str) -> None:
        """Say the first of many sentences that differ in a number."""
        if reason not in self.reasons:
            self.reasons.add(reason)
            self.reporter.say(sentence)

    def _journal_record(self, **more: pa.Table) -> None:
        journal.append(self.layout, "run", {"runs": self.record.table(), **more})

    def _advance(self, job: Job, share: float) -> None:
        self.work_begun[job.number] = share * job.batch.cost.flops
        self._report()

    def _report(self) -> None:
        finished = self.record.cells_computed + self.record.cells_failed
        self.reporter.advance(finished, self.work_done + sum(self.work_begun.values()))

    def summary(self) -> dict[str, Any]:
        """Return what `goldilocks run --json` prints."""
        record, seconds = self.record, time.monotonic() - self.start
        return {
            "run_id": record.run_id,
            "grid": self.grid.name,
            "device": record.process.device,
            "device_name": record.process.device_name,
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
