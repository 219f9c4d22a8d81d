"""The pages in a real browser: drawn without error at both widths, accessible, reproduced by their address."""

import re
import signal
import socket
import time

import pandas as pd
import pytest
from playwright.sync_api import expect

from goldilocks import store
from tests.breadth import few, only
from tests.browser.accessibility import follow, serious
from tests.browser.keyboard import walk
from tests.browser.lecture_hall import faint
from tests.browser.server import forked
from tests.browser.visiting import CUT, TOO_WIDE, WIDTHS, address, settle
from tests.dashboard.hostile import ADDRESSES, IMAGE, SCRIPT
from tests.dashboard.opening import PAGES, STORES

# Streamlit asks below and above each address which of them is the server's root; one of the two is always missing.
# Everything comes from the server itself.
LOCAL = re.compile(r"(https?|wss?)://127\.0\.0\.1:|data:|blob:")
PROBE = re.compile(r"/_stcore/(health|host-config)$")
# Of these pages all is looked at: both colour schemes, and without a mouse.
WHOLE = few(PAGES, 2)


@pytest.fixture
def problems(page):
    """Everything that went wrong in the browser: script errors, console errors, missing files, dialogs, other hosts."""
    found = []
    page.on("request", lambda one: LOCAL.match(one.url) or found.append(f"asked another host: {one.url}"))
    page.on("pageerror", lambda error: found.append(str(error)))
    page.on("dialog", lambda dialog: (found.append(f"dialog {dialog.message}"), dialog.dismiss()))
    page.on("response", lambda one: one.status >= 400 and not PROBE.search(one.url) and found.append(one.url))
    # A missing file is told by its response, with its address.
    told = lambda message: message.type == "error" and "Failed to load resource" not in message.text
    page.on("console", lambda message: told(message) and found.append(message.text))
    return found


@pytest.mark.parametrize("name", WHOLE)
def test_a_page_is_drawn_without_an_error_and_accessible_in_all_its_states(page, site_of, problems, name):
    page.goto(address(site_of(name), name))
    settle(page)
    assert page.locator("h1").inner_text() == PAGES[name]
    fits(page, WIDTHS[0])
    assert serious(page) == []
    assert faint(page) == []
    assert walk(page) == []
    follow(page, "dark")
    assert serious(page, "color-contrast") == []
    assert faint(page) == []
    page.set_viewport_size({"width": WIDTHS[1], "height": 900})
    settle(page)
    fits(page, WIDTHS[1])
    unfold(page)
    assert serious(page) == []
    follow(page, "light")
    assert serious(page, "color-contrast") == []
    assert not problems


@pytest.mark.essential("what a browser draws, and axe")
@pytest.mark.parametrize(
    "name", only([case.values[0] for case in WHOLE if not isinstance(case, str)], "trainability_map")
)
def test_a_page_is_drawn_without_an_error_and_accessible(page, site_of, problems, name):
    """Those pages whose other states are looked at with `--thorough` only."""
    page.goto(address(site_of(name), name))
    settle(page)
    assert page.locator("h1").inner_text() == PAGES[name]
    fits(page, WIDTHS[0])
    page.set_viewport_size({"width": WIDTHS[1], "height": 900})
    settle(page)
    fits(page, WIDTHS[1])
    unfold(page)
    assert serious(page) == []
    assert faint(page) == []
    assert not problems


def fits(page, width):
    """Check that a page is drawn without an error, that nothing has to be scrolled sideways and that no word is cut."""
    expect(page.locator("[data-testid=stException]")).to_have_count(0)
    drawn = ".live svg, [data-testid=stVegaLiteChart] svg, [data-testid=stDataFrame], [data-testid=stAlert]"
    expect(page.locator(drawn).first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for fault in (TOO_WIDE, CUT):
        page.wait_for_function(f"({fault.strip()}).length === 0")


def unfold(page):
    """Open what is folded away: the first of the expanders and of the figures' data, as far as the page has them."""
    main = page.locator("[data-testid=stMain]")
    for opener in (main.locator("summary"), main.get_by_role("button", name="Download", exact=True)):
        if opener.count():
            opener.first.click()
    page.wait_for_timeout(300)


@pytest.mark.thorough("test_permalink chooses on this page, too, and compares all that is drawn and said")
def test_the_address_reproduces_the_view(page, elsewhere, site):
    page.goto(f"{site}/activation_statistics")
    settle(page)
    page.get_by_text("Batch norm forgives").click()
    expect(page).to_have_url(re.compile("norm=batch"), timeout=20_000)
    settle(page)
    page.get_by_text("gradients", exact=True).click()
    expect(page).to_have_url(re.compile("tap=grad"), timeout=20_000)
    settle(page)

    def state(opened):
        chips = opened.locator("[data-testid=stMultiSelect]").all_inner_texts()
        cards = opened.locator("[data-testid=stVerticalBlock] strong").all_inner_texts()
        return chips, cards

    again = elsewhere()
    again.goto(page.url)
    settle(again)
    wanted = state(page)
    assert len(wanted[1]) == 4
    deadline = time.monotonic() + 20
    while state(again) != wanted and time.monotonic() < deadline:
        again.wait_for_timeout(200)
    assert state(again) == wanted


@pytest.mark.thorough("test_keyboard clicks on a tile, too; what a tile of the address opens is in test_pages")
def test_a_click_on_a_tile_opens_its_cell_and_stands_in_the_address(page, site, problems):
    page.goto(f"{site}/trainability_map")
    settle(page)
    tiles = page.locator("[data-testid=stVegaLiteChart] path[aria-roledescription='rect mark']")
    tiles = tiles if tiles.count() else page.locator("[data-testid=stVegaLiteChart] g.mark-rect path")
    tiles.first.click()
    expect(page.get_by_text("how did it train?")).to_be_visible()
    expect(page).to_have_url(re.compile("map_tile="))
    expect(page.get_by_text("How did it train?")).to_be_visible()
    assert not problems


def test_a_download_holds_what_the_store_holds(page, site, filled_store, tmp_path):
    page.goto(f"{site}/activation_statistics?activation=tanh&init=xavier")
    settle(page)
    figure = page.locator("[class*=st-key-figure-std]")
    # What appears above a chart under the pointer must not cover the menu.
    figure.locator("[data-testid=stVegaLiteChart]").hover()
    figure.get_by_role("button", name="Download", exact=True).click()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="CSV").first.click()
    waiting.value.save_as(tmp_path / "figure.csv")
    taken = pd.read_csv(tmp_path / "figure.csv")
    with store.open(filled_store) as handle:
        shape = {"depth": 12, "width": 64, "batch_size": 16}
        truth = handle.named("signal_by_layer", **shape, inits=["xavier"], activations=["tanh"], norms=["none"]).df()
    assert list(taken["layer"]) == list(truth["layer"])
    assert taken["std"].to_numpy() == pytest.approx(truth["std"].to_numpy())


@pytest.mark.essential("the box, the sandbox and its answer together")
def test_a_question_is_answered_and_a_wrong_one_explained(page, site):
    page.goto(f"{site}/data_and_sql?sql=SELECT%2042%20AS%20answer")
    settle(page)
    expect(page.get_by_text("1 row", exact=True)).to_be_visible()
    page.goto(f"{site}/data_and_sql?sql=DROP%20TABLE%20cells")
    settle(page)
    expect(page.get_by_text("Only SELECT, FROM, PIVOT")).to_be_visible()


# Of each page about the store's cells, the first address that holds markup.
MARKED = {
    name: query
    for name, query in reversed(ADDRESSES)
    if (SCRIPT in query or IMAGE in query) and name in PAGES and name not in STORES
}


@pytest.mark.essential("what strangers send may not run")
@pytest.mark.parametrize(("name", "query"), few(MARKED.items(), 1), ids=MARKED)
def test_hostile_addresses_run_no_script(page, site, problems, name, query):
    page.goto(f"{address(site, name)}?{query}")
    settle(page)
    expect(page.locator("[data-testid=stException]")).to_have_count(0)
    assert not problems


def test_a_grid_is_planned_started_and_seen_to_appear(page, tmp_path):
    with forked(tmp_path / "grid.duckdb") as url:
        page.goto(f"{url}/activation_statistics")
        expect(page.get_by_text("There is no store")).to_be_visible()
        watching = page.context.new_page()
        watching.goto(f"{url}/runs?runs_preset=smoke")
        settle(watching)
        watching.get_by_role("button", name="Plan").click()
        expect(watching.get_by_text("Of these done")).to_be_visible(timeout=60_000)
        watching.get_by_role("button", name="Start").click()
        expect(watching.get_by_text("cells computed in")).to_be_visible(timeout=90_000)
        expect(watching.get_by_text("smoke is done")).to_be_visible()
        expect(page.get_by_text("just right").first).to_be_visible(timeout=30_000)
        watching.close()


def test_ending_the_command_ends_the_server(filled_store):
    """By a request to end; every other server of the tests is ended as by Ctrl-C."""
    with forked(filled_store, end=signal.SIGTERM) as url:
        port = int(url.rsplit(":", 1)[1])
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0
