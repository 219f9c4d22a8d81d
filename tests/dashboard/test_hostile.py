"""Hostile addresses, sent as they stand to a real server: a page answers each, and the store stays as it is."""

import asyncio

from tests.browser.server import served
from tests.dashboard.hostile import ADDRESSES
from tests.dashboard.opening import PAGES
from tests.dashboard.session import Session


def test_there_are_at_least_forty_and_some_on_every_page():
    assert len(set(ADDRESSES)) >= 40
    assert {page for page, _ in ADDRESSES} >= set(PAGES)


async def visit(url, addresses):
    session = await Session.open(url)
    await session.run()
    for page, query in addresses:
        # A page that there is not is the first one.
        path = "" if page == "lecture" else page
        await session.visit(path)
        usual = list(session.markup)
        assert usual
        await session.visit(path, query)
        # Nothing of the address becomes part of the page's HTML.
        assert set(session.markup) <= set(usual), (page, query)
    await session.socket.close()


def test_they_do_no_harm(store_of):
    stores = {}
    for page, query in ADDRESSES:
        stores.setdefault(store_of(page), []).append((page, query))
    for path, addresses in stores.items():
        before = path.resolve().read_bytes()
        with served(path) as url:
            asyncio.run(visit(url, addresses))
        assert path.resolve().read_bytes() == before
