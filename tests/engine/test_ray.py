"""A real Ray cluster of three nodes on this machine: it gives what one process gives, and survives losses."""

import os
import shlex
import shutil
import signal
import tempfile
import time

import pytest
import torch

import goldilocks
from goldilocks import engine, store
from goldilocks.engine.cores import kernel_threads
from goldilocks.engine.execution.progress import Silence
from goldilocks.engine.plugins import load, unload
from goldilocks.store.checks.check import check
from tests import readme
from tests.engine import commands
from tests.engine.test_run import assert_same, contents
from tests.readme import example

pytestmark = pytest.mark.thorough(
    "a cluster takes long to start; what its executor does is tested in test_workers, test_spool and test_handing_out"
)

GRID = """
name = "cluster"

[[study]]
kind = "propagation"
width = [32, 64]
depth = [2, 3]
batch_size = 16
init = ["xavier", "kaiming_slip"]
activation = ["tanh", "relu"]
seed = [0, 1]

[[study]]
kind = "training"
dataset = "digits"
width = [32, 64]
depth = [2, 3, 4, 5]
init = ["xavier", "kaiming"]
activation = ["tanh", "relu"]
norm = ["none", "batch"]
lr = [0.1, 1000.0]
batch_size = 32
steps = 60
"""
NODE = {"num_cpus": 1, "object_store_memory": 80_000_000, "node_ip_address": "127.0.0.1"}


@pytest.fixture(scope="module")
def cluster():
    """Three nodes with a core each, on the loopback, with their files in a folder that goes with them."""
    pytest.importorskip("ray", reason="Ray is not installed: pip install -r requirements-ray.txt")
    from ray.cluster_utils import Cluster

    # Sockets lie there, whose paths must be short.
    folder = tempfile.mkdtemp(prefix="ray-")
    os.environ["RAY_TMPDIR"] = folder
    made = Cluster(initialize_head=True, head_node_args=NODE | {"include_dashboard": False})
    for _ in range(2):
        made.add_node(**NODE)
    yield made
    made.shutdown()
    del os.environ["RAY_TMPDIR"]
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(autouse=True)
def _patient(cluster, monkeypatch):
    """Workers start slowly beside other tests, and a run begins with all of them."""
    monkeypatch.setattr("goldilocks.engine.execution.ray.executor.GRACE_SECONDS", 120.0)


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """The store that one process with one thread makes, as each worker has one."""
    path = tmp_path_factory.mktemp("alone") / "grid.duckdb"
    with kernel_threads(1):
        engine.run(engine.Grid.from_toml(GRID), path)
    return path


def run(cluster, grid, path, **options):
    where = engine.Cluster(cluster.address, journal_dir=options.pop("journal_dir", None))
    return engine.run(engine.Grid.from_toml(grid), path, cluster=where, **options)


def rows(path, sql):
    with store.open(path) as handle:
        return handle.query(sql).fetchall()


def assert_sound(path):
    assert [finding for finding in check(path) if not finding.holds] == []


class During(Silence):
    """Does something once, when so many cells are done."""

    def __init__(self, cells, act):
        self.cells, self.act, self.seen = cells, act, {}

    def advance(self, cells, work):
        if self.act and cells >= self.cells:
            act, self.act = self.act, None
            act()

    def nodes(self, cells):
        self.seen = dict(cells)


def test_three_nodes_lose_one_gain_one_and_give_what_one_process_gives(cluster, alone, tmp_path, capsys):
    path = tmp_path / "grid.duckdb"

    def exchange():
        cluster.remove_node(next(iter(cluster.worker_nodes)), allow_graceful=False)
        cluster.add_node(**NODE)

    reporter = During(60, exchange)
    summary = run(cluster, GRID, path, reporter=reporter)
    assert reporter.act is None
    assert capsys.readouterr().out == ""
    assert (summary["cells_computed"], summary["cells_failed"]) == (summary["cells_total"], 0)
    assert summary["device_name"].startswith("3 × ")
    assert_same(contents(alone), contents(path))
    assert_sound(path)
    # Every worker of the start had its share, each row of cells names its worker, and the bar was told of every node.
    joined = example("A cluster with Ray", "inline", 1)
    workers = rows(path, f"SELECT worker, node, count(*) FROM ({joined}) GROUP BY ALL")
    known = rows(path, f"SELECT DISTINCT device, torch_version FROM ({joined})")
    assert known == [("cpu", torch.__version__)]
    assert sum(count for *_, count in workers) == summary["cells_total"]
    assert {"1", "2", "3"} <= {worker for worker, *_ in workers}
    assert set(reporter.seen) == {node for _, node, _ in workers}
    assert rows(path, "SELECT status, batches_running FROM runs") == [("done", 0)]
    total = rows(path, "SELECT batches_total FROM runs")[0][0]
    assert rows(path, "SELECT count(DISTINCT batch), max(batch) FROM cells") == [(total, total)]


HAZARDS = """
import os, signal
from pathlib import Path
from goldilocks.engine.card import Card
from goldilocks.engine.initializers import Initializer, initializers

HERE, DRIVER = Path({folder!r}), {driver}


def first(name):
    with open(HERE / name, "a") as file:
        file.write("again\\n")
    return (HERE / name).read_text() == "again\\n"


class Hazard(Initializer):
    def scale(self, fans, activation):
        if os.getpid() != DRIVER:
            self.strike()
        return fans.fan_in**-0.5


@initializers.register
class Poisoned(Hazard):
    name, card = "poisoned", Card("Poisoned", "none", "none")

    def strike(self):
        first(self.name)
        raise ArithmeticError("no such luck")


@initializers.register
class Deadly(Hazard):
    name, card = "deadly", Card("Deadly", "none", "none")

    def strike(self):
        if first(self.name):
            os.kill(os.getpid(), signal.SIGKILL)


@initializers.register
class Hungry(Hazard):
    name, card = "hungry", Card("Hungry", "none", "none")

    def strike(self):
        if first(self.name):
            raise MemoryError("too many at once")
"""
# Widths differ, so that each hazard is in a batch of its own.
HAZARDOUS = "".join(
    f"""
[[study]]
kind = "training"
dataset = "digits"
width = {width}
depth = 2
init = "{init}"
activation = "tanh"
lr = 0.1
batch_size = 16
steps = 2
seed = [0, 1, 2, 3, 4, 5, 6, 7]
"""
    for width, init in {8: "poisoned", 16: "deadly", 24: "hungry", 32: "xavier", 40: "kaiming"}.items()
)


def test_hazards_cost_what_they_must_and_no_more(cluster, tmp_path, monkeypatch):
    monkeypatch.setenv("RAY_ADDRESS", cluster.address)
    plugin, path = tmp_path / "hazards.py", tmp_path / "grid.duckdb"
    plugin.write_text(HAZARDS.format(folder=str(tmp_path), driver=os.getpid()))
    try:
        load([plugin])
        # As the README says it; what `auto` means is what RAY_ADDRESS says.
        line = example("A cluster with Ray", "inline", 2)
        names = {"goldilocks": goldilocks, "grid": engine.Grid.from_toml(HAZARDOUS), "path": path, "plugins": [plugin]}
        summary = eval(line.replace('"full"', "grid, path, plugins=plugins"), names)
    finally:
        unload(plugin)
    found = rows(
        path, "SELECT init, status, count(*), any_value(error), max(batch_cells) FROM cells GROUP BY ALL ORDER BY init"
    )
    # A version stands behind the name of a plugin's member. Batches that fail are halved, down to single cells.
    errors = {init.partition("@")[0]: (status, count, cells) for init, status, count, _, cells in found}
    assert errors == {
        "deadly": ("done", 8, 8),
        "hungry": ("done", 8, 4),
        "kaiming": ("done", 8, 8),
        "poisoned": ("failed", 8, 1),
        "xavier": ("done", 8, 8),
    }
    (reason,) = (error for *_, error, _ in found if error)
    assert reason == "ArithmeticError: no such luck"
    # Eight cells are fifteen batches, halves included. None is tried again: the member would raise again.
    assert (tmp_path / "poisoned").read_text().count("again") == 15
    assert (summary["cells_failed"], summary["cells_computed"]) == (8, 32)
    assert rows(path, "SELECT status FROM runs") == [("failed",)]
    assert_sound(path)


@pytest.mark.thorough("what was filed is adopted in test_workers and test_spool, other drivers are killed in test_run")
def test_a_killed_driver_goes_on_from_what_the_workers_have_filed(cluster, alone, tmp_path):
    grid, path, spool = tmp_path / "cluster.toml", tmp_path / "grid.duckdb", tmp_path / "spool"
    grid.write_text(GRID)
    # The README's command, but for the grid; what `auto` means is what RAY_ADDRESS says.
    *_, line = readme.commands(example("A cluster with Ray", "sh", 1))
    program, *command = shlex.split(line.replace("full", shlex.quote(str(grid))))
    assert program == "goldilocks"
    environment = os.environ | {"RAY_ADDRESS": cluster.address}
    first = commands.start(*command, "--store", path, "--journal-dir", spool, "--quiet", env=environment)
    journal = tmp_path / "grid.duckdb.store" / "journal"
    deadline = time.monotonic() + 600
    while len(list(journal.glob("0*"))) < 4:
        assert first.poll() is None, first.communicate()[1]
        assert time.monotonic() < deadline
        time.sleep(0.02)
    first.send_signal(signal.SIGKILL)
    first.communicate()
    # What the workers still finish before Ray ends them waits there, too.
    summary = run(cluster, GRID, path, journal_dir=spool)
    assert 0 < summary["cells_cached"] < summary["cells_total"]
    assert summary["cells_cached"] + summary["cells_computed"] == summary["cells_total"]
    assert_same(contents(alone), contents(path))
    assert_sound(path)
    assert sorted(rows(path, "SELECT status FROM runs")) == [("done",), ("killed",)]
    assert not [entry for folder in spool.iterdir() for entry in folder.iterdir() if entry.name[0] != "."]


@pytest.mark.filterwarnings("ignore")  # Of Ray's own modules.
def test_the_readmes_commands_start_a_cluster(cluster):
    from ray._private.ray_constants import DEFAULT_PORT
    from ray.scripts.scripts import cli

    head, other, run_on_it = map(shlex.split, readme.commands(example("A cluster with Ray", "sh", 1)))
    options = []
    for ray, command, *arguments in (head, other):
        assert ray == "ray"
        options.append(cli.commands[command].make_context(command, arguments).params)
    assert (options[0]["head"], options[0]["port"] or DEFAULT_PORT) == (True, int(options[1]["address"].split(":")[1]))
    assert run_on_it[0] == "goldilocks"


def test_the_readmes_cluster_file_is_one(cluster):
    import yaml
    from ray.autoscaler._private.util import prepare_config, validate_config

    text = example("A cluster with Ray", "yaml")
    config = prepare_config(yaml.safe_load(text))
    validate_config(config)
    assert len(config["provider"]["worker_ips"]) == config["max_workers"]


def test_workers_with_other_code_are_refused(cluster, tmp_path, monkeypatch):
    from goldilocks.engine.execution.ray import worker_pool

    monkeypatch.setattr(worker_pool, "code_digest", lambda: "another")
    with pytest.raises(engine.RequestError, match="version of the engine differs"):
        run(cluster, GRID, tmp_path / "grid.duckdb")
    assert not (tmp_path / "grid.duckdb").exists()


@pytest.mark.parametrize(("lost", "why"), [("ActorDiedError", ()), ("NodeDiedError", ("gone",))])
def test_a_lost_worker_is_a_failure_of_the_machine(lost, why):
    ray = pytest.importorskip("ray")
    from goldilocks.engine.execution.ray.worker_pool import WorkerPool

    assert WorkerPool.failure(getattr(ray.exceptions, lost)(*why)).of_machine


def test_a_worker_that_ray_ends_for_its_memory_counts_as_out_of_memory(monkeypatch):
    ray = pytest.importorskip("ray")
    from goldilocks.engine.execution.dispatch import WorkerGone
    from goldilocks.engine.execution.ray.worker_pool import WorkerPool

    def ended(ticket):
        raise ray.exceptions.OutOfMemoryError("killed")

    monkeypatch.setattr(ray, "get", ended)
    with pytest.raises(WorkerGone) as gone:
        object.__new__(WorkerPool).take(None, None)
    assert gone.value.failure.out_of_memory
