"""The pages in a real browser: drawn without error at both widths, reproduced by their address, open to downloads."""

import os
import re
import signal
import socket
import time

import pandas as pd
import pytest
from playwright.sync_api import expect, sync_playwright

import store
from tests.browser.server import CHROMIUM_OPTIONS, chromium, served

PAGES = {"": "Activation statistics", "convergence": "Convergence", "data_and_sql": "Data & SQL"}


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
    context = browser.new_context(viewport={"width": 1440, "height": 1000}, accept_downloads=True)
    opened = context.new_page()
    opened.set_default_timeout(30_000)
    yield opened
    context.close()


def settle(page):
    page.wait_for_selector("h1")
    page.wait_for_selector("[data-testid=stStatusWidget]", state="detached")
    page.wait_for_timeout(700)


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("address", PAGES)
def test_a_page_is_drawn_without_an_error(page, site, address, width):
    problems = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{site}/{address}")
    settle(page)
    assert page.locator("h1").inner_text() == PAGES[address]
    expect(page.locator("[data-testid=stException]")).to_have_count(0)
    expect(page.locator("[data-testid=stVegaLiteChart] svg, [data-testid=stDataFrame]").first).to_be_visible()
    # Nothing makes the page itself scroll sideways; wide charts scroll by themselves.
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert not problems


def test_the_address_reproduces_the_view(browser, page, site):
    page.goto(site)
    settle(page)
    page.get_by_text("Batch norm forgives").click()
    settle(page)
    expect(page).to_have_url(re.compile("norm=batch"), timeout=20_000)
    page.get_by_text("gradients", exact=True).click()
    settle(page)
    expect(page).to_have_url(re.compile("tap=grad"), timeout=20_000)
    settle(page)

    def state(opened):
        chips = opened.locator("[data-testid=stMultiSelect]").all_inner_texts()
        cards = opened.locator("[data-testid=stVerticalBlock] strong").all_inner_texts()
        return chips, cards

    again = browser.new_page(viewport={"width": 1440, "height": 1000})
    again.goto(page.url)
    settle(again)
    wanted = state(page)
    assert len(wanted[1]) == 4
    deadline = time.monotonic() + 20
    while state(again) != wanted and time.monotonic() < deadline:
        again.wait_for_timeout(200)
    assert state(again) == wanted
    again.close()


def test_a_download_holds_what_the_store_holds(page, site, filled_store, tmp_path):
    page.goto(f"{site}/?activation=tanh&init=xavier")
    settle(page)
    page.get_by_role("button", name="Take away").first.click()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="CSV").first.click()
    waiting.value.save_as(tmp_path / "figure.csv")
    taken = pd.read_csv(tmp_path / "figure.csv")
    with store.open(filled_store) as handle:
        shape = {"depth": 12, "width": 64, "batch_size": 16}
        truth = handle.named("signal_by_layer", **shape, inits=["xavier"], activations=["tanh"], norms=["none"]).df()
    assert list(taken["layer"]) == list(truth["layer"])
    assert taken["std"].to_numpy() == pytest.approx(truth["std"].to_numpy())


def test_a_question_is_answered_and_a_wrong_one_explained(page, site):
    page.goto(f"{site}/data_and_sql?sql=SELECT%2042%20AS%20answer")
    settle(page)
    expect(page.get_by_text("1 rows")).to_be_visible()
    page.goto(f"{site}/data_and_sql?sql=DROP%20TABLE%20cells")
    settle(page)
    expect(page.get_by_text("Only questions are answered here")).to_be_visible()


def test_results_of_a_running_engine_appear_by_themselves(browser, tmp_path):
    import engine

    path = tmp_path / "grid.duckdb"
    with served(path) as url:
        page = browser.new_page()
        page.goto(url)
        expect(page.get_by_text("There is no store")).to_be_visible(timeout=30_000)
        engine.run("smoke", path)
        expect(page.get_by_text("just right").first).to_be_visible(timeout=30_000)
        page.close()


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_ending_the_command_ends_the_server(filled_store, end):
    with served(filled_store, end) as url:
        port = int(url.rsplit(":", 1)[1])
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0
