"""The lecture in front of a class: links that land, and one row a screen, led by keys, legible from the last row."""

import re

import pytest
from playwright.sync_api import expect

from tests.breadth import few
from tests.browser.accessibility import BACKGROUND, numbers, serious, theme
from tests.browser.lecture_hall import OUTSIDE, SMALL, faint
from tests.browser.server import forked
from tests.browser.visiting import CUT, settle
from tests.dashboard.conftest import lecture_store  # noqa: F401

HALL = {"width": 1920, "height": 1080}
LEAST_PIXELS = 20
NUMBERS = range(1, 18)


@pytest.fixture(scope="module")
def hall(lecture_store):  # noqa: F811
    with forked(lecture_store) as url:
        yield url


def landed(page, number):
    """Wait until the heading of a row has the focus, at the top of the window or as far up as the page goes."""
    page.wait_for_function(
        f"""() => {{
          const heading = document.querySelector(".st-key-row-{number} h3");
          const main = document.querySelector("[data-testid=stMain]");
          const top = heading && heading.getBoundingClientRect().top;
          const end = main.scrollTop + main.clientHeight > main.scrollHeight - 2;
          return heading && document.activeElement === heading && top >= 0 && (top < 120 || end && top < innerHeight);
        }}"""
    )


@pytest.mark.parametrize("number", few([12, 1, 4, 9, 17], 1))
def test_a_link_lands_on_the_heading_of_its_row(page, hall, number):
    page.goto(f"{hall}/?row={number}")
    settle(page)
    landed(page, number)


def test_a_click_on_a_line_lands_without_loading_the_page_and_keeps_what_was_answered(page, hall):
    page.goto(f"{hall}/?lecture_guess_4=it+grows")
    settle(page)
    page.evaluate("window.here = true")
    page.locator("a[data-row='12']").click()
    expect(page).to_have_url(re.compile(r"[?&]row=12\b"))
    landed(page, 12)
    page.locator("a[data-row='5']").click()
    expect(page).to_have_url(re.compile(r"[?&]row=5\b"))
    landed(page, 5)
    assert page.evaluate("window.here") is True
    expect(page.locator(".claims tr", has=page.locator("a[data-row='4']")).locator("strong")).to_have_count(1)
    expect(page.locator(".claims strong")).to_have_count(1)
    # A second click on the same line lands again.
    page.evaluate("document.querySelector('[data-testid=stMain]').scrollTo(0, 0)")
    page.locator("a[data-row='5']").click()
    landed(page, 5)


@pytest.mark.parametrize("query", few(["", "?lecture_answers=true"], 1))
def test_all_claims_are_on_the_first_screen(page, hall, query):
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(f"{hall}/{query}")
    settle(page)
    assert page.locator(".claims tbody tr").count() == len(NUMBERS)
    if query:
        expect(page.locator(".claims img")).to_have_count(len(NUMBERS))
        assert page.evaluate("[...document.querySelectorAll('.claims img')].every(one => one.naturalWidth > 0)")
    assert page.evaluate("document.querySelector('.claims').getBoundingClientRect().bottom") <= 900


def at(page, number, shown):
    """Expect the screen of a row, with or without its answer."""
    expect(page.locator("h1")).to_have_text(re.compile(f"^L{number}[.] "))
    expect(page).to_have_url(re.compile(rf"present=1.*row={number}\b|row={number}\b.*present=1"))
    expect(page.locator(".decides")).to_have_count(int(shown))
    settle(page)


@pytest.mark.essential("a teacher's keys work in a browser alone")
def test_keys_lead_through_the_lecture(page, hall):
    page.set_viewport_size(HALL)
    page.goto(f"{hall}/?row=12")
    settle(page)
    page.get_by_role("button", name="Present").click()
    at(page, 12, shown=False)
    for key, number, shown in (
        ("ArrowRight", 12, True), ("PageDown", 13, False), ("PageUp", 12, True), ("ArrowLeft", 11, True),
        ("ArrowRight", 12, False),
    ):  # fmt: skip
        page.keyboard.press(key)
        at(page, number, shown)
    page.get_by_role("radio").or_(page.locator("[data-testid=stButtonGroup] button")).last.click()
    at(page, 12, shown=True)
    # The same after a reload: all of it is in the address.
    page.reload()
    at(page, 12, shown=True)
    page.keyboard.press("Escape")
    expect(page).not_to_have_url(re.compile("present"))
    expect(page.locator("h1")).to_have_text("Will a signal survive this network, and will it train?")


def test_light_and_dark_take_one_click_and_the_menu_does_not_stay(page, hall):
    page.set_viewport_size(HALL)
    page.goto(f"{hall}/?present=1&row=4&shown=1")
    at(page, 4, shown=True)
    for scheme in ("dark", "light"):
        page.get_by_role("button", name="Light or dark").click()
        page.wait_for_function(f"{BACKGROUND} === 'rgb({numbers(theme(scheme)['backgroundColor'])})'")
        expect(page.locator("[data-testid=stMainMenuPopover]")).to_have_count(0)
        assert faint(page) == []


@pytest.mark.parametrize("number", few(NUMBERS, 4))
def test_a_row_is_legible_from_the_last_row_and_nothing_is_cut(page, hall, number):
    page.set_viewport_size(HALL)
    for shown in (False, True):
        page.goto(f"{hall}/?present=1&row={number}" + "&shown=1" * shown)
        at(page, number, shown)
        if shown:
            expect(page.locator("[data-testid=stVegaLiteChart] svg").first).to_be_visible()
            page.wait_for_function(f"({CUT.strip()}).length === 0")
        assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight") <= HALL["height"]
        assert page.evaluate(OUTSIDE) == []
        assert page.evaluate(SMALL, LEAST_PIXELS) == []
        assert faint(page) == []
        assert serious(page) == []
        expect(page.get_by_text("Will a signal survive this network, and will it train?")).to_be_visible()
