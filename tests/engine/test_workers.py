"""The far side of a cluster without one: workers that decide, compute, file and fail in this process."""

import dataclasses
import os
from collections import deque

import pytest

from goldilocks import engine, store
from goldilocks.engine.cores import kernel_threads
from goldilocks.engine.device import choose_device
from goldilocks.engine.errors import RequestError
from goldilocks.engine.execution.cluster import Cluster
from goldilocks.engine.execution.job import Failure, Job, SpooledResult
from goldilocks.engine.execution.local import LocalExecutor
from goldilocks.engine.execution.progress import Silence
from goldilocks.engine.execution.run import Execution
from goldilocks.engine.execution.verify import verify
from goldilocks.engine.execution.worker import BatchWorker, Placement, WorkerConfig
from goldilocks.engine.grid.plan import plan
from goldilocks.engine.plugin_code import PluginCode
from goldilocks.engine.plugins import unload
from goldilocks.store.checks.check import check
from tests.engine.test_run import assert_same, contents

# Two studies, of which one has cells that diverge.
GRID = """
[[study]]
kind = "propagation"
width = 16
depth = 28
batch_size = 16
init = ["xavier", "kaiming_slip"]
activation = ["tanh", "relu"]

[[study]]
kind = "training"
dataset = "digits"
width = 16
depth = [2, 3]
init = "kaiming"
activation = "relu"
lr = [0.1, 1000.0]
batch_size = 32
steps = 20
"""
CELLS = 4 + 4
SEAT = Placement("7", "node", "cpu", "auto: the node has no GPU for Ray", threads=1, share=0.25)
TERMS = WorkerConfig("run", "auto", False, (), None)


class Workers(LocalExecutor):
    """An executor that gives each batch to the next of some workers, all of them in this process."""

    def __init__(self, config):
        super().__init__(choose_device("cpu"))
        self.spool = config.spool
        self.workers = [BatchWorker(config, dataclasses.replace(SEAT, name=name)) for name in "12"]
        for worker in self.workers:
            worker.start()

    def compute(self, jobs: deque[Job], advance):
        while jobs:
            self.workers.append(self.workers.pop(0))
            yield self.workers[0].compute(jobs.popleft())


@pytest.fixture(autouse=True)
def one_thread():
    with kernel_threads(1):
        yield


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """What one process with one thread computes, as each worker has one."""
    path = tmp_path_factory.mktemp("alone") / "grid.duckdb"
    with kernel_threads(1):
        engine.run(engine.Grid.from_toml(GRID, "workers"), path)
    return path


@pytest.mark.parametrize("filed", [False, True])
def test_a_run_by_workers_is_a_run(alone, tmp_path, filed):
    grid = engine.Grid.from_toml(GRID, "workers")
    config = dataclasses.replace(TERMS, spool=tmp_path / "spool" if filed else None)
    layout = store.Layout.at(tmp_path / "grid.duckdb")
    summary = Execution("run", grid, layout, Workers(config), Silence()).run(fresh=False)
    assert (summary["cells_computed"], summary["cells_failed"]) == (CELLS, 0)
    assert summary["cells_diverged"] > 0
    assert_same(contents(alone), contents(layout))
    assert [finding for finding in check(layout) if not finding.holds] == []
    with store.open(layout) as handle:
        workers = handle.query("SELECT DISTINCT worker, node, pid, threads, device FROM workers ORDER BY 1").fetchall()
    assert workers == [("1", "node", os.getpid(), 1, "cpu"), ("2", "node", os.getpid(), 1, "cpu")]
    # What a worker computed is verified with the worker's threads and device, not with those of the run.
    assert all(verdict.agrees and not verdict.inexact for verdict in verify(sample=3, store=layout.path))


def test_a_worker_introduces_itself():
    said = BatchWorker(TERMS, SEAT).start()
    assert (said.worker.name, said.worker.node) == ("7", "node")
    assert said.worker.process.device_reason == SEAT.reason
    assert said.worker.process.pid == os.getpid()
    free = choose_device("cpu").free_memory
    assert said.free_memory == pytest.approx(0.25 * free, rel=0.2)


def test_plugins_travel_as_text_and_keep_their_identity(tmp_path):
    text = (
        "from goldilocks.engine.card import Card\nfrom engine.initializers import Initializer, initializers\n"
        "@initializers.register\nclass Far(Initializer):\n    name, card = 'far', Card('Far', 'x', 'y')\n"
        "    def scale(self, fans, activation): return 1.0\n"
    )
    (tmp_path / "far.py").write_text(text)
    plugin = PluginCode.read(tmp_path / "far.py")
    (tmp_path / "far.py").unlink()
    from goldilocks.engine.initializers import initializers
    from goldilocks.engine.plugins import _loaded

    known = set(_loaded)
    BatchWorker(dataclasses.replace(TERMS, plugins=(plugin,)), SEAT).start()
    try:
        assert len(initializers["far"].plugin) == 12
    finally:
        for path in set(_loaded) - known:
            unload(path)


def test_plugins_of_one_file_name_are_all_there(tmp_path):
    from goldilocks.engine.initializers import initializers
    from goldilocks.engine.plugins import _loaded

    text = (
        "from goldilocks.engine.card import Card\nfrom engine.initializers import Initializer, initializers\n"
        "@initializers.register\nclass Far(Initializer):\n    name, card = 'NAME', Card('Far', 'x', 'y')\n"
        "    def scale(self, fans, activation): return 1.0\n"
    )
    names = ["near", "nearer", "nearest"]
    for name in names:
        (tmp_path / name).mkdir()
        (tmp_path / name / "scheme.py").write_text(text.replace("NAME", name))
    sources = tuple(PluginCode.read(tmp_path / name / "scheme.py") for name in names)
    known = set(_loaded)
    BatchWorker(dataclasses.replace(TERMS, plugins=sources), SEAT).start()
    try:
        assert {initializers[name].name for name in names} == set(names)
    finally:
        for path in set(_loaded) - known:
            unload(path)


def test_what_goes_wrong_comes_back_as_a_failure(tmp_path, monkeypatch):
    from goldilocks.engine.studies.training import Training

    cells = [cell for cell in engine.load_grid("smoke").cells if cell.study == "training"]
    (batch, *_) = plan(cells, choose_device("cpu"))
    worker = BatchWorker(dataclasses.replace(TERMS, spool=tmp_path), SEAT)
    worker.start()

    def found(error):
        def broken(self, cells, device, progress):
            raise error

        monkeypatch.setattr(Training, "run", broken)
        return worker.compute(Job(1, batch)).result

    assert found(ArithmeticError("no luck")) == Failure("ArithmeticError: no luck")
    assert found(MemoryError("too many")).out_of_memory
    monkeypatch.undo()
    assert isinstance(worker.compute(Job(1, batch)).result, SpooledResult)
    # The folder for results is gone, or not to be written to.
    file = tmp_path / "file"
    file.write_text("")
    worker = BatchWorker(dataclasses.replace(TERMS, spool=file), SEAT)
    worker.start()
    failure = worker.compute(Job(1, batch)).result
    assert "NotADirectoryError" in failure.reason
    assert failure.of_machine


@pytest.mark.parametrize(
    ("device", "resources", "wish", "expected"),
    [
        ("auto", {"CPU": 16, "GPU": 2}, {}, ("cuda", 2)),
        ("auto", {"CPU": 16, "GPU": 2}, {"worker_gpus": 0.5}, ("cuda", 4)),
        ("auto", {"CPU": 16}, {"worker_cpus": 4}, ("cpu", 4)),
        ("cpu", {"CPU": 16, "GPU": 2}, {"worker_cpus": 5}, ("cpu", 3)),
        ("cuda", {"CPU": 16}, {}, ("cpu", 0)),
        ("auto", {}, {}, ("cpu", 0)),
    ],
)
def test_every_node_is_used_with_its_best_device(device, resources, wish, expected):
    pytest.importorskip("ray", reason="Ray is not installed: pip install -r requirements-ray.txt")
    from goldilocks.engine.execution.ray.worker_pool import WorkerPool

    pool = WorkerPool(Cluster(**wish), dataclasses.replace(TERMS, device=device), print)
    kind, reason, places = pool._places(resources)
    assert (kind, places) == expected
    assert reason.startswith(device)


def test_a_plugin_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(RequestError, match="cannot be read"):
        engine.run("smoke", tmp_path / "grid.duckdb", plugins=[tmp_path / "none.py"], cluster=Cluster())
