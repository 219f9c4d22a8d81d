"""Readers never notice writers: not while they publish, and not when they are killed."""

from __future__ import annotations

import json
import random
import shutil
import signal
import subprocess
import time

import pytest

from goldilocks import store
from goldilocks.store import journal
from goldilocks.store.checks.check import check
from tests import warm
from tests.store.builder import believable, write

READER = """
import duckdb, json, os, sys, time, store
path, stop = sys.argv[1:]
SQL = (
    "SELECT (SELECT count(*) FROM cells WHERE study = 'propagation'), (SELECT count(*) FROM layers), "
    "(SELECT count(*) FROM layer_histograms), (SELECT count(*) FROM cells WHERE study = 'training'), "
    "(SELECT count(*) FROM curves), (SELECT count(*) FROM signal_rates), (SELECT count(*) FROM metrics)"
)
reads, seen, problems = 0, [], []
print("ready", flush=True)
last = False
while not last:
    # Once more after the last publication.
    last = os.path.exists(stop)
    with store.open(path) as opened:
        found = opened.query(SQL).fetchall()
        seen.append(int(opened.snapshot))
    # Others open the file with nothing but DuckDB.
    with duckdb.connect(path, read_only=True) as connection:
        found += connection.execute(SQL).fetchall()
    for counts in found:
        cells, layers, histograms, trained, points, rates, metrics = counts
        reads += 1
        if (layers, histograms, points, rates) != (4 * cells, 12 * cells, 11 * trained, cells) or metrics == 0:
            problems.append(counts)
    if seen != sorted(seen):
        problems.append(seen)
    # Else it would take half of the machine from who writes.
    time.sleep(0.1)
print(json.dumps({"reads": reads, "snapshots": sorted(set(seen)), "problems": problems}))
"""

WRITER = """
import itertools, sys, store
from tests.store.builder import believable
layout = store.Layout.at(sys.argv[1])
with store.WriterLock(layout):
    print("ready", flush=True)
    for number in itertools.count(int(sys.argv[2])):
        store.journal.append(layout, "x", believable(8, 8, first_seed=number).tables())
        store.publish(layout)
"""

# Kills itself before or after one operation of append and publish.
MARTYR = """
import os, signal, sys, store
from goldilocks.store import journal
from goldilocks.store.files import durable
from tests.store.builder import believable
module, name, nth, when = sys.argv[2:]
place = {"os": os, "durable": durable}[module]
original, calls = getattr(place, name), 0
def deadly(*arguments, **options):
    global calls
    calls += 1
    if calls == int(nth) and when == "before":
        os.kill(os.getpid(), signal.SIGKILL)
    result = original(*arguments, **options)
    if calls == int(nth):
        os.kill(os.getpid(), signal.SIGKILL)
    return result
layout = store.Layout.at(sys.argv[1])
batch = believable(2, 2, first_seed=70).tables()
with store.WriterLock(layout):
    setattr(place, name, deadly)
    store.journal.append(layout, "test", batch)
    store.publish(layout)
"""


def start(code: str, *arguments: object) -> subprocess.Popen:
    return warm.Process("-c", code, *arguments, stdout=subprocess.PIPE, text=True)


@pytest.fixture
def reader(own, tmp_path):
    """A process that reads in a loop; calling the fixture ends it and returns what it saw."""
    stop = tmp_path / "stop"
    process = start(READER, own.path, stop)
    process.stdout.readline()

    def finish() -> dict:
        stop.touch()
        out, _ = process.communicate(timeout=600)
        assert process.returncode == 0
        return json.loads(out)

    yield finish
    process.kill()


@pytest.mark.essential("what readers are promised")
def test_a_reader_sees_whole_states_only_and_in_order(own, reader):
    for number in range(4):
        write(own.path, believable(8, 8, first_seed=60 + number))
    found = reader()
    assert found["problems"] == []
    assert found["snapshots"][-1] == 5
    assert found["reads"] > 3


def test_a_handle_stays_on_its_snapshot_after_that_is_gone(own):
    with store.open(own) as old:
        for number in range(3):
            write(own.path, believable(2, 2, first_seed=60 + number))
        assert not old.file.exists()
        assert old.query("SELECT count(*) FROM cells").fetchall() == [(32,)]
    assert store.open(own).query("SELECT count(*) FROM cells").fetchall() == [(44,)]


def sound(layout: store.Layout) -> bool:
    return all(finding.holds for finding in check(layout))


@pytest.mark.essential("what writers are promised")
def test_killed_writers_lose_nothing_that_was_finished(own, reader, contents, tmp_path):
    generator = random.Random(7)
    for number in range(2):
        process = start(WRITER, own.path, 100 * (number + 1))
        process.stdout.readline()
        time.sleep(generator.uniform(0.05, 0.6))
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
    found = reader()
    assert found["problems"] == []
    store.publish(own)
    assert sound(own)
    assert len(store.done_cells(own)) == 16 * len(journal.entries(own)) + 16
    survived = contents(own)
    shutil.rmtree(own.snapshots)
    store.publish(own)
    assert contents(own) == survived


# Each leaves another state: an entry half written, an entry not published, a copy, a snapshot unnamed, one not pointed
# at, and a finished publication that was not tidied up after.
DEATHS = (
    ("os", "rename", 1, "before"),
    ("os", "rename", 1, "after"),
    ("durable", "copy", 1, "after"),
    ("os", "rename", 2, "before"),
    ("os", "rename", 2, "after"),
    ("os", "replace", 1, "after"),
)


def test_death_at_every_decisive_operation_is_survived(own, contents, tmp_path):
    running = []
    for number, death in enumerate(DEATHS):
        folder = tmp_path / f"case{number}"
        shutil.copytree(own.path.parent, folder, symlinks=True)
        running.append((death, store.Layout.at(folder / "grid.duckdb"), start(MARTYR, folder / "grid.duckdb", *death)))
    write(own.path, believable(2, 2, first_seed=70))
    undisturbed = contents(own)
    for death, layout, process in running:
        process.communicate(timeout=600)
        assert process.returncode == -signal.SIGKILL, death
        with store.open(layout) as opened:
            cells = opened.query("SELECT count(*) FROM cells").fetchall()
        assert cells == [(36 if death == DEATHS[-1] else 32,)], death
        assert len(journal.entries(layout)) == (1 if death == DEATHS[0] else 2), death
        if death == DEATHS[0]:
            write(layout.path, believable(2, 2, first_seed=70))
        store.publish(layout)
        assert contents(layout) == undisturbed, death
        assert sound(layout), death
        assert not list(layout.folder.rglob(".unfinished*")), death
