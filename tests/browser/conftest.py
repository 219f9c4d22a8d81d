"""A browser, a page in it, and servers over the stores of the tests."""

import os
from contextlib import suppress

import pytest
from playwright.sync_api import Error, expect, sync_playwright

from tests.browser.server import CHROMIUM_OPTIONS, HANGS, chromium, forked
from tests.browser.visiting import WIDTHS
from tests.dashboard.conftest import diagnosed_store, studied_store, transferred_store  # noqa: F401
from tests.dashboard.opening import STORES

expect.set_options(timeout=1000 * HANGS)


@pytest.fixture(scope="module")
def browser():
    path = chromium()
    if path is None:
        message = "no Chromium found; on Debian: apt-get install chromium-headless-shell"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=CHROMIUM_OPTIONS)
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def site(filled_store):
    with forked(filled_store) as url:
        yield url


class Reader:
    """Somebody at a browser, who keeps the program's files from page to page and is made to forget all else."""

    def __init__(self, browser):
        self._context = browser.new_context(viewport={"width": WIDTHS[0], "height": 1000}, accept_downloads=True)

    def page(self):
        """Return a page in front of somebody who was never here."""
        self.forget()
        opened = self._context.new_page()
        opened.set_default_timeout(1000 * HANGS)
        return opened

    def forget(self):
        for opened in self._context.pages:
            # What is not on a site of ours has no storage.
            with suppress(Error):
                opened.evaluate("localStorage.clear()")
            opened.close()
        self._context.clear_cookies()


@pytest.fixture(scope="module")
def readers(browser):
    """Two people who share nothing."""
    return Reader(browser), Reader(browser)


@pytest.fixture
def page(readers):
    yield readers[0].page()
    readers[0].forget()


@pytest.fixture
def elsewhere(readers):
    """What opens a page in front of somebody else, a new one each time."""
    yield readers[1].page
    readers[1].forget()


@pytest.fixture(scope="session")
def studied_site(studied_store):  # noqa: F811
    with forked(studied_store) as url:
        yield url


@pytest.fixture(scope="session")
def diagnosed_site(diagnosed_store):  # noqa: F811
    with forked(diagnosed_store) as url:
        yield url


@pytest.fixture(scope="session")
def transferred_site(transferred_store):  # noqa: F811
    with forked(transferred_store) as url:
        yield url


@pytest.fixture
def site_of(request):
    """What gives the server over the store whose cells a page is about."""
    return lambda page: request.getfixturevalue(STORES.get(page, "site").replace("_store", "_site"))
