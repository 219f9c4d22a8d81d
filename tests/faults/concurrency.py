"""An engine that writes, a dashboard and four foreign readers, all at once on one store.

Every reader opens the file, asks, and closes, again and again, with nothing but DuckDB; one more keeps what it opened.
The engine publishes far more often than it does by itself.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from goldilocks import store
from goldilocks.store.snapshots.publication import KEEP
from tests.dashboard.opening import HANGS

ROOT = Path(__file__).parents[2]
READERS = 4
# A reader that opens the file sees at least what was published this long ago.
NEWEST_WITHIN = 2.0
# Publications of the engine are at least this far apart.
WAIT = 0.5

WRITER = f"""
import itertools, json, sys, time
from goldilocks import engine, store
from goldilocks.engine.execution import publication
publication.LONGEST_WAIT, publication.LARGEST_SHARE = {WAIT}, 1.0
path, seconds = sys.argv[1], float(sys.argv[2])
GRID = '''
[[study]]
kind = "propagation"
width = [32, 40, 48, 56]
depth = 4
batch_size = 16
init = ["xavier", "kaiming"]
activation = ["tanh", "relu"]
seed = {{seeds}}
'''
published, original = [], store.publish
def publish(layout, **options):
    snapshot = original(layout, **options)
    if snapshot:
        published.append((time.monotonic(), snapshot.cells))
    return snapshot
store.publish = publish
end = 1e300
for number in itertools.count():
    engine.run(engine.Grid.from_toml(GRID.format(seeds=list(range(4 * number, 4 * number + 4))), "many"), path)
    if number == 0:
        print("ready", flush=True)
        end = time.monotonic() + seconds
    if time.monotonic() > end:
        break
print(json.dumps(published))
"""

READER = """
import json, sys, time, duckdb
path, seconds = sys.argv[1], float(sys.argv[2])
seen, end = [], time.monotonic() + seconds
while time.monotonic() < end:
    start = time.monotonic()
    with duckdb.connect(path, read_only=True) as connection:
        cells, layers, orphans = connection.execute(
            "SELECT (SELECT count(*) FROM cells), (SELECT count(*) FROM layers), "
            "(SELECT count(*) FROM layers ANTI JOIN cells USING (cell_id))").fetchall()[0]
        assert layers == 4 * cells and orphans == 0, (cells, layers, orphans)
        connection.execute("SELECT verdict, count(*) FROM signal_rates GROUP BY ALL").fetchall()
    seen.append((start, cells))
print(json.dumps(seen))
"""

HOLDER = """
import json, sys, time, duckdb
connection = duckdb.connect(sys.argv[1], read_only=True)
first = connection.execute("SELECT count(*) FROM layers").fetchall()
end = time.monotonic() + float(sys.argv[2])
while time.monotonic() < end:
    time.sleep(0.2)
    assert connection.execute("SELECT count(*) FROM layers").fetchall() == first
    connection.execute("SELECT sum(hash(COLUMNS(*))) FROM layer_histograms").fetchall()
print("[]")
"""

DASHBOARD = f"""
import json, os, sys, time
os.environ["GOLDILOCKS_STORE"] = sys.argv[1]
from streamlit.testing.v1 import AppTest
page = AppTest.from_file("dashboard/app.py", default_timeout={HANGS})
seen, end = [], time.monotonic() + float(sys.argv[2])
while time.monotonic() < end:
    page.run()
    assert not page.exception, page.exception
    seen.append(time.monotonic())
print(json.dumps(seen))
"""


@dataclass(frozen=True)
class Report:
    """What was seen.

    Attributes:
        publications: snapshots that were published while others read.
        reads: how often a foreign reader opened the file.
        pages: how often the dashboard was drawn.
        stalest: largest age in seconds of something published that a reader who opened the file did not see.
        most_snapshots: largest number of snapshots that lay there at once.
        problems: what must not be.
    """

    publications: int
    reads: int
    pages: int
    stalest: float
    most_snapshots: int
    problems: list[str]


def run(folder: Path, seconds: float) -> Report:
    """Lets all of them run side by side.

    Args:
        folder: an empty folder.
        seconds: how long.
    """
    layout = store.Layout.at(folder / "grid.duckdb")
    writer = _start(WRITER, layout, seconds)
    assert writer.stdout is not None
    writer.stdout.readline()
    others = [_start(code, layout, seconds) for code in (*[READER] * READERS, HOLDER, DASHBOARD)]
    most = 0
    while any(process.poll() is None for process in (writer, *others)):
        most = max(most, len(layout.snapshot_numbers()))
        time.sleep(0.02)
    outputs = [process.communicate() for process in (writer, *others)]
    codes = [process.returncode for process in (writer, *others)]
    problems = [f"exit code {code}: {error}" for (_, error), code in zip(outputs, codes, strict=True) if code]
    if problems:
        return Report(0, 0, 0, 0.0, most, problems)
    published, *seen = (json.loads(out.splitlines()[-1]) for out, _ in outputs)
    reads = [read for reader in seen[:READERS] for read in reader]
    stalest = max((_age(published, start, cells) for start, cells in reads), default=0.0)
    if stalest > NEWEST_WITHIN:
        problems.append(f"a reader did not see what had been published {stalest:.1f} s before")
    # While a new one is published there is one more for a moment.
    if most > KEEP + 1:
        problems.append(f"{most} snapshots lay there at once")
    return Report(len(published), len(reads), len(seen[-1]), stalest, most, problems)


def _start(code: str, layout: store.Layout, seconds: float) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", code, str(layout.path), str(seconds)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def _age(published: list[tuple[float, int]], start: float, cells: int) -> float:
    """Returns how long before a read the oldest thing was published that it did not see."""
    return max((start - moment for moment, count in published if moment < start and count > cells), default=0.0)
