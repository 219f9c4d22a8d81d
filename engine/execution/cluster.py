"""A cluster as a user asks for it; Ray itself is imported only when one is used."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.errors import RequestError, nearest
from engine.execution.executor import Executor
from engine.execution.worker import Terms
from engine.plugin_code import PluginCode

LOCAL, RUNNING = "local", "auto"
DEVICES = ("auto", "cpu", "cuda")


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

    def __post_init__(self) -> None:
        if self.worker_cpus < 1:
            raise RequestError(f"--worker-cpus {self.worker_cpus}: a worker needs at least 1 core")
        if not 0 < self.worker_gpus <= 1:
            raise RequestError(f"--worker-gpus {self.worker_gpus}: allowed is 1, or a fraction of it such as 0.5")

    def executor(
        self,
        run_id: str,
        device: str,
        tf32: bool,
        plugins: Sequence[str | Path],
        say: Callable[[str], None],
        backbone: str | None = None,
    ) -> Executor:
        """Connect to the cluster.

        Args:
            run_id: the run that it will compute for.
            device: `auto` takes the GPUs of the nodes that have some, and the cores of the others; `cpu` or `cuda`
                takes only these.
            tf32: as for `run`.
            plugins: as for `run`; the files need not exist on the nodes.
            say: shows a sentence to the user.
            backbone: as for `run`.

        Raises:
            RequestError: Ray is not installed, or there is no such cluster.
        """
        if device not in DEVICES:
            raise RequestError(f"device {device!r} with --executor ray: {nearest(device, DEVICES)}")
        try:
            from engine.execution.ray.executor import RayExecutor
        except ModuleNotFoundError as error:
            if (error.name or "").partition(".")[0] != "ray":
                raise
            raise RequestError(
                "--executor ray needs Ray, which is not installed here: pip install -r requirements-ray.txt"
            ) from None
        sources = tuple(PluginCode.read(Path(path)) for path in plugins)
        spool = Path(self.journal_dir).expanduser().resolve() if self.journal_dir else None
        return RayExecutor(self, Terms(run_id, device, tf32, sources, spool, backbone), say)
