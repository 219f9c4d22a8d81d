"""A story shows the same whatever was chosen, or told, before it."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.test_permalink import DRAWN, choose, drawn_alike
from tests.browser.visiting import WIDTHS, address, settle


def follow(page, place):
    """Follow a story's link."""
    link = page.locator(".stories a").nth(place)
    target = link.evaluate("link => link.href")
    link.click()
    # Choices that are the first ones anyway do not stand in the address.
    expect(page).to_have_url(re.compile(re.escape(target.partition("?")[0])))
    page.wait_for_load_state()
    settle(page)


@pytest.mark.parametrize("name", ["activation_statistics", "convergence", "trainability_map"])
def test_a_story_does_not_depend_on_what_was_before(name, browser, page, site_of):
    home = address(site_of(name), name)
    page.goto(home)
    settle(page)
    count = page.locator(".stories a").count()
    assert count > 1
    choose(page)
    for place in reversed(range(count)):
        follow(page, place)
        fresh = browser.new_page(viewport={"width": WIDTHS[0], "height": 1000})
        fresh.goto(home)
        settle(fresh)
        follow(fresh, place)
        mine, theirs = drawn_alike(page, fresh)
        assert page.url == fresh.url
        fresh.close()
        assert mine == theirs
    assert page.evaluate(DRAWN)
