"""Hostile addresses, sent as they stand to a real server: a page answers each, and the store stays as it is."""

import asyncio

from tests.browser.server import forked
from tests.dashboard.hostile import ADDRESSES
from tests.dashboard.opening import PAGES
from tests.dashboard.session import Session


def test_there_are_at_least_forty_and_some_on_every_page():
    assert len(set(ADDRESSES)) >= 40
    assert {page for page, _ in ADDRESSES} >= set(PAGES)


# Addresses that a page is meant to have, with screens of their own.
SCREENS = {"": ("present=1", "present=1&row=4&shown=1")}


async def visit(url, addresses):
    session = await Session.open(url)
    await session.run()
    usual: dict[str, set] = {}
    for page, query in addresses:
        # A page that there is not is the first one.
        path = "" if page == "lecture" else page
        if path not in usual:
            await session.visit(path)
            usual[path] = set(session.markup)
            assert usual[path]
            for screen in SCREENS.get(path, ()):
                await session.visit(path, screen)
                usual[path] |= set(session.markup)
        await session.visit(path, query)
        # Nothing of the address becomes part of the page's HTML.
        assert set(session.markup) <= usual[path], (page, query)
    await session.socket.close()


def test_they_do_no_harm(store_of):
    stores = {}
    for page, query in ADDRESSES:
        stores.setdefault(store_of(page), []).append((page, query))
    for path, addresses in stores.items():
        before = path.resolve().read_bytes()
        with forked(path) as url:
            asyncio.run(visit(url, addresses))
        assert path.resolve().read_bytes() == before
