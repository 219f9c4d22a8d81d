"""How batches are handed out to other processes and taken back, with workers that live in this test."""

from collections import deque
from types import SimpleNamespace

import pytest

from goldilocks import engine
from goldilocks.engine.device import choose_device
from goldilocks.engine.execution import dispatch
from goldilocks.engine.execution.dispatch import AHEAD, RETRIES, WorkerGone, dispatched
from goldilocks.engine.execution.executor import ClusterLost
from goldilocks.engine.execution.job import Done, Failure, Job, Worker
from goldilocks.engine.execution.progress import MOST_NODES, node_rates
from goldilocks.engine.execution.provenance import Process
from goldilocks.engine.grid.plan import plan
from goldilocks.engine.studies.base import Outcome

GOOD = Outcome(["an id"], {})


class Member(SimpleNamespace):
    """A worker with what is at it."""

    __hash__ = object.__hash__


class FakePool:
    """Ends the oldest batch of each worker in turn; `script` says with what, by the number of the batch."""

    def __init__(self, workers, script=None, device="cpu"):
        here = Process.here(choose_device("cpu"))
        process = Process(**{**here.__dict__, "device": device})
        self.ready = [Member(jobs={}, worker=Worker(str(n), "node", process)) for n in range(workers)]
        self.script, self.turn = script or {}, 0
        self.depths, self.lost, self.given = [], [], []

    def recruit(self):
        return None

    def give(self, member, job):
        member.jobs[f"{job.number}.{len(self.given)}"] = job
        self.given.append(job.number)

    def wait(self, seconds):
        self.depths.append([len(member.jobs) for member in self.ready])
        busy = [member for member in self.ready if member.jobs]
        if busy:
            self.turn += 1
            member = busy[self.turn % len(busy)]
            yield member, next(iter(member.jobs))

    def lose(self, member):
        self.ready.remove(member)
        self.lost.append(member.worker.name)
        return list(member.jobs.values())

    def take(self, member, ticket):
        job = member.jobs[ticket]
        scripted = self.script.get(job.number, [])
        found = scripted.pop(0) if scripted else GOOD
        if isinstance(found, Exception):
            raise found
        del member.jobs[ticket]
        return Done(job, found, 1.0, member.worker)


@pytest.fixture
def compute():
    """Return what becomes of so many jobs with a pool."""
    cells = [cell for cell in engine.load_grid("smoke").cells if cell.study == "training"]
    (batch, *_) = plan(cells, choose_device("cpu"))
    return lambda pool, count: list(dispatched(pool, deque(Job(number, batch) for number in range(1, count + 1))))


def test_a_worker_has_one_batch_and_one_to_come_and_at_the_end_nobody_waits_behind_another(compute):
    pool = FakePool(3)
    found = compute(pool, 20)
    assert sorted(done.job.number for done in found) == list(range(1, 21))
    assert max(max(depth) for depth in pool.depths) == 1 + AHEAD
    # As soon as the queue holds no more than one batch for each worker, none is put behind another.
    pool = FakePool(3)
    compute(pool, 3)
    assert max(max(depth) for depth in pool.depths) == 1


def test_a_failure_of_the_machine_is_tried_again_and_then_recorded_once(compute):
    bad = Failure("bad", of_machine=True)
    pool = FakePool(2, {2: [bad] * 9, 3: [bad] * RETRIES})
    found = {done.job.number: done.result for done in compute(pool, 4)}
    assert found[2].reason == f"bad (tried {1 + RETRIES} times)"
    assert [found[number] for number in (1, 3, 4)] == [GOOD] * 3
    assert pool.given.count(2) == 1 + RETRIES == pool.given.count(3)
    assert pool.lost == []


@pytest.mark.parametrize("device", ["cpu", "cuda:0"])
def test_a_failure_of_the_computation_is_not_tried_again(compute, device):
    pool = FakePool(2, {2: [Failure.of(ValueError("angry"))]}, device=device)
    found = {done.job.number: done.result for done in compute(pool, 4)}
    assert found.pop(2) == Failure("ValueError: angry")
    assert list(found.values()) == [GOOD] * 3
    assert sorted(pool.given) == [1, 2, 3, 4]
    assert pool.lost == []


class Accelerator(RuntimeError):
    """What torch makes of an error on a GPU."""


@pytest.mark.parametrize(
    ("error", "of_machine"),
    [
        (ValueError("angry"), False),
        (AssertionError(), False),
        (ZeroDivisionError("division by zero"), False),
        (SystemExit("no more"), False),
        (RuntimeError("mat1 and mat2 shapes cannot be multiplied (2x3 and 4x5)"), False),
        (RuntimeError("CUDA error: an illegal memory access was encountered"), True),
        (RuntimeError("cuDNN error: CUDNN_STATUS_EXECUTION_FAILED"), True),
        (Accelerator("CUDA error: device-side assert triggered"), True),
        (OSError(28, "No space left on device"), True),
        (ConnectionResetError(104, "Connection reset by peer"), True),
        (TimeoutError("no answer"), True),
        (engine.RequestError("this node has no mnist"), True),
    ],
    ids=repr,
)
def test_whose_failure_it_is(error, of_machine):
    assert Failure.of(error).of_machine is of_machine


def test_out_of_memory_is_not_tried_again_as_it_is(compute):
    pool = FakePool(1, {1: [Failure("big", out_of_memory=True)]})
    (done,) = compute(pool, 1)
    assert done.result.out_of_memory
    assert pool.given == [1]


def test_of_the_batches_of_a_dead_worker_only_the_oldest_is_charged(compute):
    pool = FakePool(4, {1: [WorkerGone(Failure("its worker died", of_machine=True)) for _ in range(9)]})
    found = {done.job.number: done.result for done in compute(pool, 12)}
    assert found.pop(1).reason.startswith("its worker died")
    assert list(found.values()) == [GOOD] * 11
    assert len(pool.lost) == 1 + RETRIES == pool.given.count(1)


def test_after_an_error_on_a_gpu_its_process_is_not_used_again(compute):
    pool = FakePool(2, {1: [Failure.of(RuntimeError("CUDA error: device-side assert"))]}, device="cuda:0")
    assert all(done.result is GOOD for done in compute(pool, 6))
    assert len(pool.lost) == 1


def test_without_workers_the_run_ends_with_a_sentence(compute, monkeypatch):
    monkeypatch.setattr(dispatch, "LOST_SECONDS", 0.01)
    with pytest.raises(ClusterLost, match="No worker"):
        compute(FakePool(0), 1)


def test_the_bar_names_each_node_or_the_range_of_many():
    assert node_rates({"b": 10, "a": 5}, 10.0) == "(a 0.5, b 1.0)"
    many = {str(number): 10 * number for number in range(1, MOST_NODES + 2)}
    assert node_rates(many, 10.0) == f"({MOST_NODES + 1} nodes, 1.0 to {MOST_NODES + 1}.0 each)"
