"""Of a long answer a browser gets what it shows; the rest follows as it scrolls."""

import asyncio
from urllib.parse import urlencode

from tests.browser.server import forked
from tests.dashboard.session import Session

SHORT, LONG = 6000, 10_000


async def sizes(url):
    session = await Session.open(url)
    await session.run()
    found = []
    for rows in (SHORT, LONG):
        sql = f"SELECT range, repeat('x', 100) AS text FROM range({rows})"
        await session.visit("data_and_sql", urlencode({"sql": sql}))
        assert any(f"{rows:,} rows" in sentence for sentence in session.sentences)
        found.append(session.received)
    await session.socket.close()
    return found


def test_a_long_answer_is_not_sent_whole(filled_store):
    with forked(filled_store) as url:
        short, long = asyncio.run(sizes(url))
    assert long < 1.2 * short
