"""A cluster as a user asks for it: pure data."""

from dataclasses import dataclass
from pathlib import Path

from goldilocks.engine.errors import RequestError

LOCAL, RUNNING = "local", "auto"


@dataclass(frozen=True)
class Cluster:
    """Which Ray cluster computes, and what each of its workers takes.

    Attributes:
        address: `auto`, the cluster that this machine is part of; `HOST:PORT` or `ray://HOST:PORT`; or `local`, this
            machine alone, for as long as the run takes.
        worker_cpus: cores, hence threads, of a worker that computes on the processor.
        worker_gpus: GPUs of a worker that computes on one: 1, or the fraction of one that it shares.
        journal_dir: a folder that all nodes share; workers then write finished batches down themselves.
    """

    address: str = RUNNING
    worker_cpus: int = 1
    worker_gpus: float = 1.0
    journal_dir: str | Path | None = None

    @property
    def spool(self) -> Path | None:
        """The shared folder, as an absolute path."""
        return Path(self.journal_dir).expanduser().resolve() if self.journal_dir else None

    def __post_init__(self) -> None:
        if self.worker_cpus < 1:
            raise RequestError(f"--worker-cpus {self.worker_cpus}: a worker needs at least one core")
        if not 0 < self.worker_gpus <= 1:
            raise RequestError(f"--worker-gpus {self.worker_gpus}: allowed: 1, or a fraction such as 0.5")
