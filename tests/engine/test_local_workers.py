"""Several processes of this machine compute one run: what is lost when one of them, or all, are killed."""

import json
import signal
import subprocess
import sys
import time
from itertools import product

import psutil
import pytest

from goldilocks import engine, store
from goldilocks.engine.execution.process_pool import ProcessPool
from goldilocks.engine.execution.progress import Silence
from goldilocks.engine.execution.verify import verify
from goldilocks.engine.execution.workers import makespan, processes_pay
from tests import warm

# Eight batches: so many widths, each of two depths.
GRID = """
[[study]]
kind = "training"
dataset = "digits"
width = [8, 9, 10, 11]
depth = [1, 2]
init = ["xavier", "kaiming"]
activation = "tanh"
lr = 0.1
batch_size = 32
steps = {steps}
seed = 0
"""
CELLS = 16
# Steps of a run that goes on for a while after its first batch.
LONG = 250
PLUGIN = """
import os, sys
from goldilocks.engine.card import Card
from goldilocks.engine.initializers import Initializer, initializers

if "worker_process" in sys.argv[0]:
    print("this plugin talks")


@initializers.register
class Fatal(Initializer):
    name = "fatal"
    card = Card("Fatal", "W ~ N(0, 1/fan_in)", "this test")

    def scale(self, fans, activation):
        # The process that looks at the plugin first is spared.
        if fans.fan_in == 9 and "worker_process" in sys.argv[0]:
            os._exit(7)
        return fans.fan_in ** -0.5
"""


@pytest.fixture
def grid(tmp_path):
    def write(steps=20, **changes):
        text = GRID.format(steps=steps)
        for old, new in changes.items():
            text = text.replace(old, new)
        (tmp_path / "grid.toml").write_text(text)
        return tmp_path / "grid.toml"

    return write


def command(path, *options):
    return ["engine", "run", path, "--store", path.parent / "grid.duckdb", *options]


def statuses(path):
    with store.open(path.parent / "grid.duckdb") as handle:
        return dict(handle.query("SELECT status, count(*) FROM cells GROUP BY ALL").fetchall())


def started(path, *options):
    """Start a run that takes long, and wait until a batch of it is journaled."""
    pipe = subprocess.PIPE
    process = warm.Process(*command(path, "--quiet", *options), stdout=pipe, stderr=pipe)
    deadline = time.monotonic() + 600
    while not list((path.parent / "grid.duckdb.store" / "journal").glob("0*-training")):
        assert process.poll() is None, process.stderr.read()
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return process


def children(process):
    return [one for one in psutil.Process(process.pid).children() if "worker_process" in command_line(one)]


def command_line(process):
    """Return how a process was started, or nothing where it has ended meanwhile: a run starts short-lived ones, too."""
    try:
        return " ".join(process.cmdline())
    except psutil.NoSuchProcess:
        return ""


@pytest.mark.essential("the only run on several processes")
def test_a_script_without_a_guard_may_use_them_and_what_they_compute_is_verified(grid, tmp_path):
    path, script = grid(), tmp_path / "script.py"
    script.write_text(f"""
import os, goldilocks
summary = goldilocks.run({str(path)!r}, {str(tmp_path / "grid.duckdb")!r}, workers=2)
print(os.getpid(), summary["cells_computed"], summary["cells_failed"])
""")
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=600)
    pid, *counted = map(int, done.stdout.split())
    assert counted == [CELLS, 0], done.stderr
    with store.open(tmp_path / "grid.duckdb") as handle:
        workers = handle.query("SELECT worker, threads, pid FROM workers").fetchall()
        by_worker = handle.query("SELECT DISTINCT worker FROM cells").fetchall()
    assert {worker for worker, *_ in workers} == {"1", "2"} == {worker for (worker,) in by_worker}
    assert len({pid for *_, pid in workers} | {pid}) == 3
    for verdict in verify(sample=2, store=tmp_path / "grid.duckdb"):
        assert "identical bit for bit" in str(verdict)


@pytest.mark.thorough(
    "a member that ends its process, below, is another way to lose one; a run that is killed loses all"
)
def test_a_worker_that_is_killed_costs_its_batch_in_flight_and_is_replaced(grid):
    # So long that another one has started before all is done.
    path = grid(steps=3 * LONG)
    process = started(path, "--workers", "2", "--json")
    victim = children(process)[0]
    victim.kill()
    out, err = process.communicate(timeout=600)
    assert process.returncode == 0, err
    assert json.loads(out)["cells_computed"] == CELLS
    assert statuses(path) == {"done": CELLS}
    with store.open(path.parent / "grid.duckdb") as handle:
        pids = {pid for (pid,) in handle.query("SELECT pid FROM workers").fetchall()}
    assert len(pids - {victim.pid}) == 2


INTERRUPTED = pytest.mark.thorough("Ctrl-C below, SIGTERM in test_run: only a killed run cannot end its workers itself")


@pytest.mark.parametrize(
    "end",
    [pytest.param(signal.SIGINT, marks=INTERRUPTED), pytest.param(signal.SIGTERM, marks=INTERRUPTED), signal.SIGKILL],
)
def test_however_a_run_ends_its_workers_end_and_finished_batches_stay(grid, end):
    path = grid(steps=LONG)
    process = started(path, "--workers", "2")
    workers = children(process)
    assert len(workers) == 2
    process.send_signal(end)
    process.communicate(timeout=600)
    assert process.returncode == (-9 if end == signal.SIGKILL else 130)
    _, alive = psutil.wait_procs(workers, timeout=600)
    assert not alive
    assert warm.run(*command(path, "--quiet", "--workers", "1")).returncode == 0
    assert statuses(path) == {"done": CELLS}
    with store.open(path.parent / "grid.duckdb") as handle:
        assert handle.query("SELECT 1 FROM cells WHERE worker IS NOT NULL").fetchall()


def test_ctrl_c_of_a_terminal_reaches_all_processes_and_ends_the_run_as_usual(grid):
    path = grid(steps=LONG)
    process = started(path, "--workers", "2")
    for one in (process, *children(process)):
        one.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=600)
    assert process.returncode == 130
    assert b"Traceback" not in err


# Each worker that is lost has to be replaced; how often a batch is tried again is held in test_handing_out.
ONCE = """
import runpy
from goldilocks.engine.execution import dispatch
dispatch.RETRIES = 0
runpy.run_module("engine", run_name="__main__", alter_sys=True)
"""


def run_once(path, plugin):
    """Run a grid on two workers; what its worker was lost with is not tried again."""
    _, *words = command(path, "--workers", "2", "--json", "--plugin", plugin)
    return warm.run("-c", ONCE, *words, text=True)


def test_a_member_that_ends_its_process_fails_alone(grid, tmp_path):
    plugin = tmp_path / "fatal.py"
    plugin.write_text(PLUGIN)
    path = grid(**{'"kaiming"': '"fatal"', "depth = [1, 2]": "depth = 2"})
    done = run_once(path, plugin)
    assert done.returncode == 1, done.stderr
    summary = json.loads(done.stdout)
    assert (summary["cells_computed"], summary["cells_failed"]) == (7, 1)
    with store.open(tmp_path / "grid.duckdb") as handle:
        ((width, init, error),) = handle.query(
            "SELECT width, init, error FROM cells WHERE status = 'failed'"
        ).fetchall()
    assert (width, init.split("@")[0]) == (9, "fatal")
    assert "exit code 7" in error
    assert "Traceback" not in done.stderr


UNREADABLE = PLUGIN.replace("@initializers", """def read():
    if "worker_process" in sys.argv[0]:
        raise AttributeError("it is gone")
    return Fatal()


@initializers""").replace("    def scale(", """    def __reduce__(self):
        return read, ()

    def scale(""")  # fmt: skip


def test_a_job_that_a_worker_cannot_read_fails_alone_and_nobody_waits_for_it(grid, tmp_path):
    """As where the code is changed while a run lasts."""
    plugin = tmp_path / "unreadable.py"
    plugin.write_text(UNREADABLE)
    path = grid(**{'"kaiming"': '"fatal"', "depth = [1, 2]": "depth = 2", "[8, 9, 10, 11]": "8"})
    done = run_once(path, plugin)
    summary = json.loads(done.stdout)
    assert (summary["cells_computed"], summary["cells_failed"]) == (1, 1), done.stderr
    assert done.returncode == 1
    assert "it is gone" in done.stderr


@pytest.mark.parametrize("wish", ["0", "-1", "2.5", "two", "99999999", "", "٣"])
def test_a_wrong_number_is_refused(grid, wish):
    with pytest.raises(engine.RequestError, match=r"--workers .*allowed: auto"):
        engine.run(grid(), workers=wish)


class _Study:
    typical_share = 0.4


class _Batch:
    def __init__(self, flops, calls):
        self.study, self.cost, self.calls = _Study, type("Cost", (), {"flops": flops}), calls


@pytest.mark.parametrize(
    ("batch", "count", "workers", "pay"),
    [
        (_Batch(5e10, 500_000), 20, 2, True),
        (_Batch(5e10, 500_000), 20, 16, True),
        # Large products keep all cores busy in one process.
        (_Batch(5e12, 1000), 4, 2, False),
        # Done before a process has started.
        (_Batch(1e8, 1000), 20, 2, False),
        # One long batch is nobody else's.
        (_Batch(5e10, 500_000), 1, 2, False),
    ],
)
def test_processes_pay_where_small_steps_dominate_and_there_is_enough_to_do(batch, count, workers, pay):
    assert processes_pay([batch] * count, [batch] * count, workers) is pay


def test_a_number_that_is_asked_for_is_taken_as_long_as_there_are_cells(grid):
    from goldilocks.engine.device import choose_device
    from goldilocks.engine.execution.local import planned

    cells = [cell for cell in engine.load_grid(str(grid())).cells if (cell.width, cell.depth) == (8, 1)]
    cpu = choose_device("cpu")
    whole, one = planned(cells, cpu, 1)
    assert (len(whole), one) == (1, 1)
    for wish in (2, 7):
        parts, count = planned(cells, cpu, wish)
        assert count == len(cells) == 2 == len(parts)
        assert sorted(cell.cell_id for part in parts for cell in part.cells) == sorted(cell.cell_id for cell in cells)
    assert planned([], cpu, 4) == ([], 1)


@pytest.mark.essential("nobody may wait for what never starts")
def test_where_no_process_can_start_the_run_ends_with_a_sentence(grid, monkeypatch):
    monkeypatch.setattr(sys, "executable", "/bin/false")
    said = []
    reporter = Silence()
    reporter.say = said.append
    with pytest.raises(engine.Interrupted) as stopped:
        engine.run(grid(), grid().parent / "grid.duckdb", workers=2, reporter=reporter)
    assert stopped.value.summary["cells_computed"] == 0
    assert any("No worker could start on this machine: exit code 1." in sentence for sentence in said)


@pytest.mark.thorough(
    "that none can start is above; that the others go on without one that is lost, in test_handing_out"
)
def test_a_process_that_cannot_be_replaced_leaves_the_others_at_work(grid, monkeypatch):
    """Those that started compute everything; that no other one starts is no reason to stop."""
    started, program = [], sys.executable

    def start(pool, name):
        monkeypatch.setattr(sys, "executable", program if not started else "/bin/false")
        started.append(name)
        return original(pool, name)

    original = ProcessPool._start
    monkeypatch.setattr(ProcessPool, "_start", start)
    summary = engine.run(grid(), grid().parent / "grid.duckdb", workers=2)
    assert summary["cells_computed"] == CELLS
    assert len(started) > 2


def test_the_makespan_is_that_of_the_longest_first():
    assert makespan([], 2) == 0
    assert makespan([3, 3, 2, 2, 2], 2) == 7
    for seconds in product((1, 2, 5), repeat=5):
        best = min(
            max(sum(s for s, w in zip(seconds, where, strict=True) if w == one) for one in range(2))
            for where in product(range(2), repeat=5)
        )
        # Graham's bound for two workers.
        assert best <= makespan(seconds, 2) <= 7 / 6 * best + 1e-9


def test_plan_says_how_many(grid, monkeypatch, tmp_path):
    import torch

    from goldilocks.engine.device import choose_device
    from goldilocks.engine.execution import forecast as forecasting

    # How fast this machine is makes no difference.
    monkeypatch.setattr(forecasting, "matrix_rate", lambda device, **clock: 1e11)
    monkeypatch.setattr(forecasting, "call_seconds", lambda device, clock: 1e-6)
    long, cpu, layout = engine.load_grid(grid(steps=100_000)), choose_device("cpu"), store.Layout.at(tmp_path / "new")
    for cores in (1, 2, CELLS):
        monkeypatch.setattr(torch, "get_num_threads", lambda cores=cores: cores)
        assert forecasting.forecast(long, layout, cpu).workers == cores
    alone, two = (forecasting.forecast(long, layout, cpu, workers=wish) for wish in (1, 2))
    assert (alone.workers, two.workers) == (1, 2)
    assert two.peak_bytes > alone.peak_bytes
