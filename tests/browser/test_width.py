"""Pages at the widths between a phone and a desk: nothing is cut, and a browser that was here is drawn for at once."""

import pytest
from playwright.sync_api import expect

from goldilocks.dashboard import viewport
from tests.breadth import few
from tests.browser.visiting import CUT, TOO_WIDE, address, settle

# With the navigation open, some 500 pixels are left for the page.
TABLET = {"width": 820, "height": 1000}
# Words of widgets that do not fit into them.
SQUEEZED = """
[...document.querySelectorAll("[data-testid=stMain] :is([data-testid=stMultiSelect] span[title], " +
  "[data-testid=stButtonGroup], [data-testid=stMetricValue] > div, [data-testid=stBadge])")]
  .filter(one => one.scrollWidth > one.clientWidth + 1).map(one => one.textContent)
"""


@pytest.mark.parametrize("name", few(["activation_statistics", "lecture", "convergence", "what_should_i_use"], 2))
def test_nothing_is_cut_beside_an_open_navigation(page, site, name):
    page.set_viewport_size(TABLET)
    page.goto(address(site, name))
    settle(page)
    closed = page.locator("[data-testid=stExpandSidebarButton]")
    if closed.is_visible():
        closed.click()
    expect(page.locator("[data-testid=stSidebarNavItems]").first).to_be_in_viewport()
    for fault in (TOO_WIDE, CUT, SQUEEZED):
        page.wait_for_function(f"({fault.strip()}).length === 0")
    for kind, least in (("[data-testid=stColumn]", 130), ("[class*=st-key-figure-]", 320)):
        widths = page.evaluate(f"[...document.querySelectorAll('{kind}')].map(one => one.clientWidth)")
        assert min(widths) >= least


def test_a_browser_that_was_here_is_drawn_for_at_once(browser, site):
    context = browser.new_context(viewport={"width": 390, "height": 900})
    first, second = (_told(context.new_page(), f"{site}/convergence") for _ in range(2))
    cookies = {cookie["name"]: cookie["value"] for cookie in context.cookies()}
    context.close()
    assert 300 <= int(cookies[viewport.COOKIE]) <= 390
    # The ruler speaks up only when the page was not drawn for the width there is.
    assert [b'"width"' in b"".join(sent) for sent in (first, second)] == [True, False]
    assert second


def _told(page, url):
    """Visit a page and return what the browser has told the server."""
    sent = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda frame: sent.append(bytes(frame))))
    page.goto(url)
    settle(page)
    page.wait_for_timeout(500)
    page.close()
    return sent
