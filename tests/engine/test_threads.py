"""Several threads of one process: each knows every member, and one at a time writes to a store."""

import subprocess
import sys
import threading

import pytest

from goldilocks import store

# In a process of its own: there nothing is discovered yet.
FIRST = """
import threading, engine

found, start = [], threading.Barrier(6)

def look():
    start.wait()
    try:
        found.append(engine.load_grid("smoke").name)
    except Exception as error:
        found.append(f"{type(error).__name__}: {error}")

threads = [threading.Thread(target=look) for _ in range(6)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(set(found))
"""


def test_threads_that_come_first_together_know_every_study():
    done = subprocess.run([sys.executable, "-c", FIRST], capture_output=True, text=True, timeout=600, check=True)
    assert done.stdout.strip() == "{'smoke'}", done.stdout


def test_one_thread_at_a_time_writes_to_a_store(tmp_path):
    layout, held, free = store.Layout.at(tmp_path / "grid.duckdb"), threading.Event(), threading.Event()

    def hold():
        with store.WriterLock(layout), store.WriterLock(layout):
            held.set()
            free.wait()

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait()
    try:
        for action in (store.WriterLock(layout).__enter__, lambda: store.publish(layout)):
            with pytest.raises(store.StoreBusy, match="another thread of process"):
                action()
    finally:
        free.set()
        holder.join()
    with store.WriterLock(layout):
        pass


TINY = """
[[study]]
kind = "training"
dataset = "digits"
width = [8, 16]
depth = 2
batch_size = 8
init = "xavier"
activation = "tanh"
lr = 0.1
steps = 20
"""


def together(count, work):
    """Run work in so many threads that start at one moment; return what each returned or raised."""
    start, found = threading.Barrier(count), []

    def begin(number):
        start.wait()
        try:
            found.append(work(number))
        except store.StoreBusy as error:
            found.append(error)

    threads = [threading.Thread(target=begin, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def test_runs_in_threads_compute_what_runs_alone_compute_and_leave_the_process_as_it_was(tmp_path):
    import torch

    from goldilocks import engine
    from goldilocks.engine.execution.verify import verify

    grid, before = engine.Grid.from_toml(TINY, "tiny"), torch.get_num_threads()
    summaries = together(2, lambda number: engine.run(grid, tmp_path / f"{number}.duckdb"))
    assert [summary["cells_computed"] for summary in summaries] == [2, 2]
    assert torch.get_num_threads() == before
    for number in range(2):
        verdicts = list(verify(sample=9, store=tmp_path / f"{number}.duckdb"))
        assert [str(one) for one in verdicts if one.inexact or not one.agrees] == []


def test_of_runs_on_one_store_in_threads_some_compute_and_the_others_are_told_who_does(tmp_path):
    from goldilocks import engine
    from goldilocks.store.checks.check import check

    grid = engine.Grid.from_toml(TINY, "tiny")
    found = together(3, lambda number: engine.run(grid, tmp_path / "grid.duckdb"))
    done = [one for one in found if isinstance(one, dict)]
    assert done
    assert sum(one["cells_computed"] for one in done) == 2
    assert all("another thread of process" in str(one) for one in found if one not in done)
    assert all(finding.holds for finding in check(store.Layout.at(tmp_path / "grid.duckdb")))


def test_a_store_that_nothing_was_written_to_leaves_no_folder(tmp_path):
    layout = store.Layout.at(tmp_path / "grid.duckdb")
    with pytest.raises(ValueError, match="refused"), store.WriterLock(layout):
        raise ValueError("refused")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("refused", ["run", "merge", "import"])
def test_a_refused_request_leaves_no_store(refused, tmp_path, monkeypatch):
    from typer.testing import CliRunner

    from goldilocks.engine.__main__ import app
    from goldilocks.store.__main__ import app as store_app

    grid, path = tmp_path / "huge.toml", str(tmp_path / "new.duckdb")
    grid.write_text(
        '[[study]]\nkind = "propagation"\nwidth = 65536\ndepth = 10000\nbatch_size = 1000000\n'
        'init = "xavier"\nactivation = "tanh"\n'
    )
    if refused == "run":
        done = CliRunner().invoke(app, ["run", str(grid), "--store", path])
    else:
        done = CliRunner().invoke(store_app, [refused, str(tmp_path / "nothing"), "--store", path])
    assert done.exit_code == 2, done.output
    assert [file.name for file in tmp_path.iterdir()] == ["huge.toml"]
