"""The far side of an executor: one process that decides its device once and then computes batches, one after the other.

Nothing here knows Ray: an executor makes these objects in other processes and calls their methods from afar.
"""

import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from goldilocks.engine.cores import Progress
from goldilocks.engine.data import Dataset
from goldilocks.engine.device import choose_device
from goldilocks.engine.execution import journal_entry
from goldilocks.engine.execution.allocator import keep_freed_memory
from goldilocks.engine.execution.batch_computation import compute_batch
from goldilocks.engine.execution.job import Done, Failure, Job, SpooledResult, Worker
from goldilocks.engine.execution.provenance import Process, code_digest
from goldilocks.engine.networks.factories import named
from goldilocks.engine.plugin_code import PluginCode
from goldilocks.engine.plugins import load as load_plugins
from goldilocks.engine.studies.base import Outcome
from goldilocks.store.writing import spool


@dataclass(frozen=True)
class WorkerConfig:
    """What all workers of a run need to know of it.

    Attributes:
        run_id: the run.
        device: the device that was requested for all of them, as for `run`.
        tf32: whether products on a CUDA device may round their factors to TF32.
        plugins: files that register members of the user's own, with the modules that they import from their folders.
        spool: the shared folder for finished batches; None when results are to be returned.
        backbone: the one function that cells may name; None for none.
    """

    run_id: str
    device: str
    tf32: bool
    plugins: tuple[PluginCode, ...]
    spool: Path | None
    backbone: str | None = None


@dataclass(frozen=True)
class Placement:
    """A worker's place.

    Attributes:
        name: name of the worker within the run.
        node: name of the node.
        device: `cpu` or `cuda`.
        reason: why this one.
        threads: threads of its own.
        share: its share of the memory of the device.
    """

    name: str
    node: str
    device: str
    reason: str
    threads: int
    share: float


@dataclass(frozen=True)
class WorkerInfo:
    """What a worker says of itself: who it is, the code it runs, its device, and the bytes it may take there."""

    worker: Worker
    code_digest: str
    torch_device: torch.device
    free_memory: float


class BatchWorker:
    """A process that computes for a run of another process.

    Args:
        config: what all workers need to know of the run.
        placement: its place.
    """

    def __init__(self, config: WorkerConfig, placement: Placement):
        self._config, self._placement = config, placement
        self._fetched: set[Dataset] = set()
        self._allowed = ExitStack()

    def start(self) -> WorkerInfo:
        """Get ready; called once, before anything else.

        Raises:
            RequestError: the device is not there, or a plugin is refused.
        """
        torch.set_num_threads(self._placement.threads)
        # For as long as this process lives.
        self._allowed.enter_context(named(self._config.backbone))
        keep_freed_memory()
        with tempfile.TemporaryDirectory(prefix="goldilocks-plugins-") as folder:
            for number, plugin in enumerate(self._config.plugins):
                # Files of one name come from different folders.
                load_plugins([plugin.write(Path(folder) / str(number))])
        chosen = choose_device(self._placement.device, self._config.tf32)
        self._device = replace(chosen, reason=self._placement.reason)
        self._worker = Worker(self._placement.name, self._placement.node, Process.here(self._device))
        memory = self._device.free_memory * self._placement.share
        return WorkerInfo(self._worker, code_digest(), self._device.torch_device, memory)

    def fetch(self, datasets: Sequence[Dataset]) -> None:
        """Make sure that data sets are there.

        Raises:
            RequestError: one is not, and cannot be downloaded.
        """
        for dataset in datasets:
            if dataset not in self._fetched:
                dataset.fetch()
                self._fetched.add(dataset)

    def compute(self, job: Job, progress: Progress = lambda share: None) -> Done:
        """Compute a batch, and file the results when there is a shared folder."""
        try:
            self.fetch([one for cell in job.batch.cells for one in cell.datasets])
            result, seconds = compute_batch(job.batch, self._device, progress)
            return self._filed(Done(job, result, seconds, self._worker))
        except Exception as error:
            # Neither data nor results could be carried; the computation has an answer of its own for its errors.
            return Done(job, replace(Failure.of(error), of_machine=True), 0.0, self._worker)

    def _filed(self, done: Done) -> Done:
        if self._config.spool is None or not isinstance(done.result, Outcome):
            return done
        entry = journal_entry.entry(self._config.run_id, done)
        label = f"{done.job.number:06d}-{done.job.batch.study.name}"
        path = spool.file(self._config.spool, self._config.run_id, label, entry)
        return replace(done, result=SpooledResult(path, journal_entry.diverged(entry)))
