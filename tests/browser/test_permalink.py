"""The address reproduces every figure exactly, whatever the reader has chosen on its page."""

import time
from urllib.parse import quote

import pytest

from tests.breadth import few
from tests.browser.visiting import address, settle
from tests.dashboard.opening import PAGES

# What is drawn: the size of each chart, and its words and marks with their places. Their order depends on what was
# drawn there before.
DRAWN = """
[...document.querySelectorAll("[data-testid=stVegaLiteChart] svg")].map(chart => {
  const edge = chart.getBoundingClientRect();
  const placed = box => [box.left - edge.left, box.top - edge.top, box.width, box.height].map(Math.round).join(" ");
  return {
    size: [edge.width, edge.height].map(Math.round),
    words: [...chart.querySelectorAll("text")].map(text =>
      `${text.textContent} ${placed(text.getBoundingClientRect())}`).sort(),
    marks: [...chart.querySelectorAll("path")].map(path => path.getBoundingClientRect())
      .filter(box => box.width || box.height).map(placed).sort(),
  };
})
"""
SAID = """
() => {
  const words = document.querySelector("[data-testid=stMain]").cloneNode(true);
  words.querySelectorAll("[data-testid=stVegaLiteChart], style, script").forEach(one => one.remove());
  return words.textContent;
}
"""
MOST_CHANGES = 2
# To the question that this page begins with, the tests' store has no answer.
ANSWERED = "SELECT layer, avg(std) AS std FROM activation_stats GROUP BY ALL ORDER BY ALL"
ASKED = {"data_and_sql": f"?sql={quote(ANSWERED)}"}
PATIENCE = 20


def choose(page):
    """Change a few widgets of a page, one after the other: each kind that it has."""
    main = page.locator("[data-testid=stMain]")
    groups = main.locator("[data-testid=stButtonGroup]")
    if groups.count():
        groups.first.get_by_role("button").or_(groups.first.get_by_role("radio")).last.click()
        settle(page)
    boxes = main.locator("[data-testid=stSelectbox] input")
    for place in range(min(boxes.count(), MOST_CHANGES)):
        boxes.nth(place).click()
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        settle(page)
    chips = main.locator("[data-testid=stMultiSelect]").filter(has=page.locator("[aria-label^=Remove]").nth(1))
    if chips.count():
        chips.first.locator("[aria-label^=Remove]").first.click()
        settle(page)


def shown(page):
    """Return what a page shows: its charts and its words."""
    return page.evaluate(DRAWN), page.evaluate(SAID)


def shown_alike(one, other):
    """Wait until two pages show the same, and return what each shows."""
    deadline = time.monotonic() + PATIENCE
    while True:
        found = shown(one), shown(other)
        if found[0] == found[1] or time.monotonic() > deadline:
            return found
        other.wait_for_timeout(200)


# Choices stand in the address in one way on all pages; that each choice of each page does is in test_widgets.
@pytest.mark.parametrize("name", few([page for page in PAGES if page != "runs"], 4))
def test_the_address_reproduces_every_figure(name, page, elsewhere, site_of):
    page.goto(address(site_of(name), name) + ASKED.get(name, ""))
    settle(page)
    # A busy browser draws a chart some time after the page has settled.
    page.wait_for_selector("[data-testid=stVegaLiteChart] svg")
    first = shown(page)
    choose(page)
    again = elsewhere()
    again.goto(page.url)
    settle(again)
    mine, theirs = shown_alike(page, again)
    assert "?" in page.url
    assert first[0]
    assert mine != first
    assert theirs == mine
