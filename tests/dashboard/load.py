"""How fast the pages are on a large store, one at a time and with thirty readers at once.

python -m tests.dashboard.load /tmp/large/grid.duckdb [--sessions 30] [--seconds 60] [--clicks 20]

What is timed is the server: from sending a click until the page's last message has come, over the protocol that
browsers speak; drawing is not part of it. The readers share the machine with the server. One page was drawn before
the pages are timed, so that modules are loaded; their first visits, with nothing kept from before, are among the runs.
"""

import argparse
import asyncio
import random
import time

import numpy as np

from tests.browser.server import served
from tests.dashboard.opening import PAGES
from tests.dashboard.session import Session

# A reader looks at a page for this long before the next click, in seconds.
THINKING = (1.0, 3.0)
# Of this many clicks one goes to another page.
CLICKS_PER_PAGE = 5
PATHS = {page: "" if page == "lecture" else page for page in PAGES}


async def one_by_one(url: str, clicks: int) -> dict[str, list[float]]:
    """Visit each page, click on it, and return the seconds of each interaction by page; the first visit leads."""
    session = await Session.open(url)
    await session.run()
    found = {}
    for page, path in PATHS.items():
        found[page] = [await session.visit(path)]
        for _ in range(clicks):
            seconds = await session.click()
            if seconds is None:
                break
            found[page].append(seconds)
    await session.socket.close()
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


def _line(name: str, seconds: list[float]) -> str:
    median, high, most = (1e3 * value for value in np.percentile(seconds, [50, 95, 100]))
    return f"{name:<24}{len(seconds):>6}{median:>10.0f}{high:>10.0f}{most:>10.0f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("store")
    parser.add_argument("--sessions", type=int, default=30)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--clicks", type=int, default=20)
    options = parser.parse_args()
    start = time.perf_counter()
    with served(options.store) as url:
        cold = asyncio.run(_cold(url))
        print(f"server up and first page drawn after {time.perf_counter() - start:.2f} s, the page itself {cold:.2f} s")
        print(f"{'page':<24}{'runs':>6}{'median':>10}{'95 %':>10}{'most':>10}   ms")
        for page, seconds in asyncio.run(one_by_one(url, options.clicks)).items():
            print(_line(page, seconds))
        print(_line(f"{options.sessions} readers at once", asyncio.run(many(url, options.sessions, options.seconds))))


async def _cold(url: str) -> float:
    session = await Session.open(url)
    seconds = await session.run()
    await session.socket.close()
    return seconds


if __name__ == "__main__":
    main()
