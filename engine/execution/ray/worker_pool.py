"""The workers of a run on a Ray cluster: who is there, who starts, who is gone, and what each has to do."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from goldilocks.engine.execution.cluster import Cluster
from goldilocks.engine.execution.dispatch import LOOK_SECONDS, WorkerGone
from goldilocks.engine.execution.job import Done, Failure, Job, Worker
from goldilocks.engine.execution.provenance import code_digest
from goldilocks.engine.execution.worker import BatchWorker, Placement, WorkerConfig, WorkerInfo

# A node on which so many workers in a row did not start is left alone.
STRIKES = 3


@dataclass(eq=False)
class Member:
    """A worker, seen from here.

    Attributes:
        node_id: Ray's name of its node.
        node: a name of the node for people.
        actor: the worker itself.
        starting: resolves to what it says of itself.
        jobs: what it has to do, oldest first, by what resolves to the result.
    """

    node_id: str
    node: str
    actor: Any
    starting: ray.ObjectRef
    jobs: dict[ray.ObjectRef, Job] = field(default_factory=dict)
    known: WorkerInfo | None = None

    @property
    def info(self) -> WorkerInfo:
        """What it said of itself."""
        assert self.known is not None, "it has not started yet"
        return self.known

    @property
    def worker(self) -> Worker:
        """Its name and provenance."""
        return self.info.worker


class WorkerPool:
    """Hires a worker for every device of every node, and again when one dies or a node joins.

    Args:
        cluster: what each worker takes.
        config: what all workers need to know of the run.
        say: shows a sentence to the user.
    """

    def __init__(self, cluster: Cluster, config: WorkerConfig, say: Callable[[str], None]):
        self._cluster, self._config, self._say = cluster, config, say
        self._members: list[Member] = []
        self._names = count(1)
        self._strikes: Counter[str] = Counter()
        self._looked = float("-inf")
        self.complaint = "no node of the cluster has the resources that a worker needs, or they are in use"

    @property
    def ready(self) -> list[Member]:
        """Workers that can be given batches."""
        return [member for member in self._members if member.known]

    @property
    def starting(self) -> list[Member]:
        """Workers that cannot yet."""
        return [member for member in self._members if not member.known]

    def recruit(self) -> None:
        """Hire for every place of every node that is free; looks around every few seconds only."""
        if time.monotonic() - self._looked < LOOK_SECONDS:
            return
        self._looked = time.monotonic()
        for node in ray.nodes():
            if node["Alive"] and self._strikes[node["NodeID"]] < STRIKES:
                self._fill(node)

    def _fill(self, node: dict[str, Any]) -> None:
        device, reason, places = self._places(node["Resources"])
        share = self._cluster.worker_gpus if device == "cuda" else 1 / max(places, 1)
        there = sum(member.node_id == node["NodeID"] for member in self._members)
        name = f"{node.get('NodeManagerHostname') or node['NodeName']}/{node['NodeID'][:6]}"
        for _ in range(places - there):
            placement = Placement(str(next(self._names)), name, device, reason, self._cluster.worker_cpus, share)
            self._hire(node["NodeID"], placement)

    def _places(self, resources: dict[str, float]) -> tuple[str, str, int]:
        """Return on which device workers of a node compute, why, and how many of them there are."""
        gpus, wish = int(resources.get("GPU", 0) / self._cluster.worker_gpus), self._config.device
        if gpus and wish != "cpu":
            return "cuda", f"{wish}: Ray assigned a GPU of the node", gpus
        cores = 0 if wish == "cuda" else int(resources.get("CPU", 0)) // self._cluster.worker_cpus
        return "cpu", f"{wish}: " + ("requested" if wish == "cpu" else "the node has no GPU for Ray"), cores

    def _hire(self, node_id: str, placement: Placement) -> None:
        takes = (
            {"num_gpus": self._cluster.worker_gpus} if placement.device == "cuda" else {"num_cpus": placement.threads}
        )
        here = NodeAffinitySchedulingStrategy(node_id, soft=False)
        hired: Any = ray.remote(BatchWorker).options(**takes, scheduling_strategy=here, max_restarts=0)
        actor: Any = hired.remote(self._config, placement)
        self._members.append(Member(node_id, placement.node, actor, actor.start.remote()))

    def give(self, member: Member, job: Job) -> None:
        """Hand a batch to a worker."""
        member.jobs[member.actor.compute.remote(job)] = job

    def wait(self, seconds: float) -> Iterator[tuple[Member, ray.ObjectRef]]:
        """Yield the batches that have ended, or whose worker has; nothing when none does in time.

        Args:
            seconds: how long to wait.
        """
        awaited = {member.starting: member for member in self.starting}
        awaited |= {ref: member for member in self.ready for ref in member.jobs}
        if not awaited:
            time.sleep(seconds)
            return
        # Results are not fetched before they are taken.
        ended, _ = ray.wait(list(awaited), num_returns=1, timeout=seconds, fetch_local=False)
        for ref in ended:
            if awaited[ref].known:
                yield awaited[ref], ref
            else:
                self._greet(awaited[ref])

    def _greet(self, member: Member) -> None:
        """Take in a worker that has started, or why it did not."""
        try:
            info: WorkerInfo = ray.get(member.starting)
        except ray.exceptions.RayError as error:
            self._refuse(member, self.failure(error).reason)
            return
        if info.code_digest != code_digest():
            self._strikes[member.node_id] = STRIKES
            self._refuse(member, "its version of the engine differs from that of this process")
            return
        self._strikes[member.node_id] = 0
        member.known = info

    def _refuse(self, member: Member, reason: str) -> None:
        self.lose(member)
        self.complaint = f"node {member.node}: {reason}"
        self._strikes[member.node_id] += 1
        if self._strikes[member.node_id] >= STRIKES:
            self._say(f"No more workers are started on node {member.node}: {reason}")

    def take(self, member: Member, ticket: ray.ObjectRef) -> Done:
        """Fetch what became of a batch.

        Raises:
            WorkerGone: its worker gave no answer.
        """
        try:
            done: Done = ray.get(ticket)
        except ray.exceptions.RayError as error:
            raise WorkerGone(self.failure(error)) from None
        del member.jobs[ticket]
        return done

    def lose(self, member: Member) -> list[Job]:
        """Strike off a worker, end what is left of it, and return the batches that it had, oldest first."""
        self._members.remove(member)
        ray.kill(member.actor)
        return list(member.jobs.values())

    def dismiss(self) -> None:
        """End all workers."""
        for member in list(self._members):
            self.lose(member)

    @staticmethod
    def failure(error: ray.exceptions.RayError) -> Failure:
        """Describe what Ray says of a worker that gave no answer."""
        cause = getattr(error, "cause", None)
        if isinstance(cause, Exception):
            return replace(Failure.of(cause), of_machine=True)
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        starved = isinstance(error, ray.exceptions.OutOfMemoryError) or "low on memory" in str(error)
        return Failure(f"its worker died: {type(error).__name__}: {' '.join(lines)[:400]}", starved, of_machine=True)
