"""Several readers at once, briefly, on a store of the large one's shape: no page breaks. `load.py` is the long form."""

import asyncio

from tests.browser.server import forked
from tests.dashboard import large_store, load

READERS, SECONDS, THINKING = 6, 2.0, (0.1, 0.4)


def test_readers_at_once_meet_no_error(tmp_path):
    layout = large_store.build(tmp_path / "grid.duckdb", training=480, points=20, propagation=100)
    with forked(layout.path) as url:
        took = asyncio.run(load.many(url, READERS, SECONDS, THINKING))
    assert len(took) > READERS
