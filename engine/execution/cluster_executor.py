"""Connecting to the cluster that a user asks for; Ray is imported only then."""

from collections.abc import Callable

from goldilocks.engine.errors import RequestError
from goldilocks.engine.execution.cluster import Cluster
from goldilocks.engine.execution.executor import Executor
from goldilocks.engine.execution.worker import WorkerConfig
from goldilocks.store.nearest import nearest

DEVICES = ("auto", "cpu", "cuda")


def cluster_executor(cluster: Cluster, config: WorkerConfig, say: Callable[[str], None]) -> Executor:
    """Connect to a cluster.

    Args:
        cluster: which one, and what each worker takes.
        config: what its workers are to know of the run; the device `auto` takes the GPUs of the nodes that have some,
            and the cores of the others, `cpu` or `cuda` only these.
        say: shows a sentence to the user.

    Raises:
        RequestError: Ray is not installed, or there is no such cluster.
    """
    if config.device not in DEVICES:
        raise RequestError(f"device {config.device!r} with --executor ray: {nearest(config.device, DEVICES)}")
    try:
        from goldilocks.engine.execution.ray.executor import RayExecutor
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "ray":
            raise
        raise RequestError(
            "--executor ray needs Ray, which is not installed here: pip install -r requirements-ray.txt"
        ) from None
    return RayExecutor(cluster, config, say)
