"""A word that a reader does not know: in a legend, a sentence or a list, with a pointer, with keys or a finger."""

import pytest
from playwright.sync_api import expect

from goldilocks import store
from tests.browser.accessibility import serious
from tests.browser.server import HANGS
from tests.browser.visiting import WIDTHS, settle

ASKED = "activation_statistics?init=xavier&init=kaiming"
SLIP = "kaiming_slip"


@pytest.fixture(scope="module")
def cards(filled_store):
    """Formula and reference of each initialization."""
    with store.open(filled_store) as handle:
        rows = handle.query("SELECT name, formula, reference FROM schemes WHERE kind = 'initializer'").fetchall()
    return {name: (formula, reference) for name, formula, reference in rows}


def told(page, cards, name):
    note = page.locator(".goldilocks-meaning")
    for text in cards[name]:
        expect(note).to_contain_text(text)
    return note


def test_legends_sentences_and_options_are_explained_and_all_words_listed(page, site, cards):
    page.goto(f"{site}/{ASKED}")
    settle(page)
    legend = page.locator("svg.marks g.role-legend-label text").get_by_text("xavier", exact=True).first
    legend.scroll_into_view_if_needed()
    legend.hover()
    note = told(page, cards, "xavier")
    page.keyboard.press("Escape")
    expect(note).to_be_hidden()
    # An axis takes no part in what the pointer does.
    title = page.locator("svg.marks g.role-axis-title text").get_by_text("Gradient rms", exact=True)
    box = title.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(note).to_contain_text("Root mean square of the gradient")
    page.locator("[aria-label=Initializations][role=combobox]").focus()
    for _ in range(4):
        page.keyboard.press("ArrowDown")
    told(page, cards, SLIP)
    option = page.get_by_role("option", name=SLIP).bounding_box()
    assert note.bounding_box()["x"] >= option["x"] + option["width"], "it covers what is chosen among"
    page.keyboard.press("Escape")
    expect(note).to_be_hidden()
    page.get_by_text("Words on this page").focus()
    page.keyboard.press("Enter")
    words = page.locator("[data-testid=stSidebar] dt")
    expect(words.get_by_text("Xavier (lecture)", exact=True)).to_have_count(1)
    expect(words.get_by_text("Std of activations", exact=True)).to_have_count(1)
    expect(words.get_by_text("Hessian")).to_have_count(0)
    assert "σw" in page.evaluate("[...CSS.highlights.get('explained')].map(String)")
    assert serious(page) == []


def test_a_finger_asks_by_touching(browser, site, cards):
    context = browser.new_context(viewport={"width": WIDTHS[1], "height": 844}, has_touch=True, is_mobile=True)
    try:
        page = context.new_page()
        page.set_default_timeout(1000 * HANGS)
        page.goto(f"{site}/{ASKED}")
        settle(page)
        word = page.get_by_text("kaiming", exact=True).locator("visible=true").last
        # A note goes when the page is scrolled, which a tap would do, too.
        word.scroll_into_view_if_needed()
        page.wait_for_timeout(250)
        word.tap()
        note = told(page, cards, "kaiming")
        box = note.bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= WIDTHS[1]
    finally:
        context.close()
