"""A browser, a page in it, and servers over the stores of the tests."""

import os

import pytest
from playwright.sync_api import sync_playwright

from tests.browser.server import CHROMIUM_OPTIONS, chromium, served
from tests.browser.visiting import WIDTHS
from tests.dashboard.conftest import studied_store, transferred_store  # noqa: F401
from tests.dashboard.opening import STORES


@pytest.fixture(scope="module")
def browser():
    path = chromium()
    if path is None:
        message = "no Chromium found; on Debian: apt-get install chromium"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=CHROMIUM_OPTIONS)
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def site(filled_store):
    with served(filled_store) as url:
        yield url


@pytest.fixture
def page(browser):
    context = browser.new_context(viewport={"width": WIDTHS[0], "height": 1000}, accept_downloads=True)
    opened = context.new_page()
    opened.set_default_timeout(30_000)
    yield opened
    context.close()


@pytest.fixture(scope="module")
def studied_site(studied_store):  # noqa: F811
    with served(studied_store) as url:
        yield url


@pytest.fixture(scope="module")
def transferred_site(transferred_store):  # noqa: F811
    with served(transferred_store) as url:
        yield url


@pytest.fixture
def site_of(request):
    """What gives the server over the store whose cells a page is about."""
    return lambda page: request.getfixturevalue(STORES.get(page, "site").replace("_store", "_site"))
