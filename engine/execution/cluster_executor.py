"""Connecting to the cluster that a user asks for; Ray is imported only then."""

from collections.abc import Callable, Sequence
from pathlib import Path

from goldilocks.engine.errors import RequestError
from goldilocks.engine.execution.cluster import Cluster
from goldilocks.engine.execution.executor import Executor
from goldilocks.engine.execution.worker import WorkerConfig
from goldilocks.engine.plugins import sources
from goldilocks.store.nearest import nearest

DEVICES = ("auto", "cpu", "cuda")


def cluster_executor(
    cluster: Cluster,
    run_id: str,
    device: str,
    tf32: bool,
    plugins: Sequence[str | Path],
    say: Callable[[str], None],
    backbone: str | None = None,
) -> Executor:
    """Connect to a cluster.

    Args:
        cluster: which one, and what each worker takes.
        run_id: the run that it will compute for.
        device: `auto` takes the GPUs of the nodes that have some, and the cores of the others; `cpu` or `cuda`
            takes only these.
        tf32: as for `run`.
        plugins: as for `run`, loaded; the files need not exist on the nodes.
        say: shows a sentence to the user.
        backbone: as for `run`.

    Raises:
        RequestError: Ray is not installed, or there is no such cluster.
    """
    if device not in DEVICES:
        raise RequestError(f"device {device!r} with --executor ray: {nearest(device, DEVICES)}")
    try:
        from goldilocks.engine.execution.ray.executor import RayExecutor
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "ray":
            raise
        raise RequestError(
            "--executor ray needs Ray, which is not installed here: pip install -r requirements-ray.txt"
        ) from None
    spool = Path(cluster.journal_dir).expanduser().resolve() if cluster.journal_dir else None
    return RayExecutor(cluster, WorkerConfig(run_id, device, tf32, sources(plugins), spool, backbone), say)
