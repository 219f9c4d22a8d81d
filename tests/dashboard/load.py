"""How fast the pages are on a large store: the first one, one at a time, and with thirty readers at once.

python -m tests.dashboard.load /tmp/large/grid.duckdb [--starts 7] [--clicks 100] [--sessions 30] [--seconds 60]

What is timed is the server: from sending a click until the page's last message has come, over the protocol that
browsers speak; drawing is not part of it. The readers share the machine with the server. One page was drawn before
the pages are timed, so that modules are loaded; their first visits, with nothing kept from before, are among the runs.

The made-up store lacks most studies; a real one adds them: goldilocks store merge --store /tmp/large/grid.duckdb
data/grid.duckdb. The exit status is 1 when a 95th percentile is above what is wanted.

Each time stands beside the floor: what an empty page took on the same machine in turn with it. Where the floor is
higher than elsewhere, the machine was busy with something else. In brackets: 95 % intervals, by bootstrap.
"""

import argparse
import asyncio
import random
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import partial

import numpy as np

from tests.browser.server import served, started
from tests.dashboard.opening import PAGES
from tests.dashboard.session import Session

# A reader looks at a page for this long before the next click, in seconds.
THINKING = (1.0, 3.0)
# Of this many clicks one goes to another page.
CLICKS_PER_PAGE = 5
# After this many clicks a page that is timed alone is opened anew: its widgets are back at what they were.
CLICKS_PER_VISIT = 20
RESAMPLES = 2000
# Seconds at the 95th percentile: the first page of a new server, a click, and a click among many readers.
FIRST, CLICK, CROWDED = 2.0, 0.3, 1.5
PATHS = {page: "" if page == "lecture" else page for page in PAGES}

Server = Callable[[], AbstractContextManager[str]]


def from_cold(server: Server) -> float:
    """Start a server and return the seconds until the last message of its first page."""
    start = time.perf_counter()
    with server() as url:
        asyncio.run(_first(url))
        return time.perf_counter() - start


async def _first(url: str) -> None:
    session = await Session.open(url)
    await session.run()
    await session.socket.close()


async def one_by_one(url: str, floor: str, clicks: int) -> dict[str, tuple[list[float], list[float]]]:
    """Visit each page and click on it; return by page the seconds of each interaction, and of as many on an empty page.

    Args:
        url: the dashboard.
        floor: the server of an empty page.
        clicks: interactions with each page; a page without a widget is opened again instead.
    """
    session, empty = await Session.open(url), await Session.open(floor)
    await session.run()
    found = {}
    for page, path in PATHS.items():
        times: list[float] = []
        nothing: list[float] = []
        while len(times) < clicks:
            took = await session.click() if len(times) % CLICKS_PER_VISIT else None
            times.append(await session.visit(path) if took is None else took)
            nothing.append(await empty.run())
        found[page] = times, nothing
    for each in (session, empty):
        await each.socket.close()
    return found


async def reader(url: str, seconds: float, seed: int, thinking: tuple[float, float] = THINKING) -> list[float]:
    """Read and click for a while, and return the seconds of each interaction."""
    pace = random.Random(seed)
    session = await Session.open(url, seed)
    await asyncio.sleep(pace.uniform(0, thinking[1]))
    found, end = [await session.run()], time.perf_counter() + seconds
    while time.perf_counter() < end:
        await asyncio.sleep(pace.uniform(*thinking))
        elsewhere = len(found) % CLICKS_PER_PAGE == 0
        took = None if elsewhere else await session.click()
        found.append(await session.visit(pace.choice(list(PATHS.values()))) if took is None else took)
    await session.socket.close()
    return found


async def many(url: str, sessions: int, seconds: float, thinking: tuple[float, float] = THINKING) -> list[float]:
    """Let several readers click at once, and return the seconds of all interactions."""
    readers = [reader(url, seconds, seed, thinking) for seed in range(sessions)]
    return [took for found in await asyncio.gather(*readers) for took in found]


def report(name: str, seconds: list[float], floor: Sequence[float] = ()) -> str:
    """Return a line of the table, in milliseconds."""
    percentiles = [
        f"{value:.0f} [{low:.0f}, {high:.0f}]".rjust(20)
        for value, (low, high) in ((_percentile(seconds, rank), _interval(seconds, rank)) for rank in (50, 95))
    ]
    below = [f"{_percentile(floor, rank):.0f}".rjust(8) for rank in (50, 95) if floor]
    return "".join([f"{name:<24}{len(seconds):>6}", *percentiles, f"{1e3 * max(seconds):8.0f}", *below])


def _percentile(seconds: Sequence[float] | np.ndarray, rank: float, axis: int = -1) -> np.ndarray:
    return 1e3 * np.percentile(seconds, rank, axis=axis)


def _interval(seconds: list[float], rank: float) -> np.ndarray:
    again = np.random.default_rng(0).choice(seconds, (RESAMPLES, len(seconds)))
    return np.percentile(_percentile(again, rank), [2.5, 97.5])


def main() -> bool:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("store")
    parser.add_argument("--starts", type=int, default=7)
    parser.add_argument("--sessions", type=int, default=30)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--clicks", type=int, default=100)
    options = parser.parse_args()
    dashboard, empty = partial(served, options.store), partial(started, [sys.executable, "-m", "tests.dashboard.floor"])
    columns = ("median".rjust(20), "95 %".rjust(20), "most".rjust(8), "floor".rjust(8), "95 %".rjust(8))
    print(f"{'milliseconds':<24}{'runs':>6}", *columns, sep="")
    both = [(from_cold(dashboard), from_cold(empty)) for _ in range(options.starts)]
    starts, nothing = map(list, zip(*both, strict=True))
    print(report("process to first page", starts, nothing))
    late = _late(starts, FIRST)
    with dashboard() as url, empty() as floor:
        for page, (seconds, nothing) in asyncio.run(one_by_one(url, floor, options.clicks)).items():
            print(report(page, seconds, nothing), flush=True)
            late |= _late(seconds, CLICK)
        crowd = asyncio.run(many(url, options.sessions, options.seconds))
        print(report(f"{options.sessions} readers at once", crowd))
    return late or _late(crowd, CROWDED)


def _late(seconds: list[float], wanted: float) -> bool:
    return bool(np.percentile(seconds, 95) > wanted)


if __name__ == "__main__":
    raise SystemExit(main())
