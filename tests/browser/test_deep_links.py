"""A story shows the same whatever was chosen, or told, before it."""

import pytest

from tests.breadth import few
from tests.browser.test_permalink import DRAWN, choose, shown_alike
from tests.browser.visiting import address, settle


def follow(page, place):
    """Follow a story's link, and return where it leads."""
    link = page.locator(".stories a").nth(place)
    target = link.evaluate("link => link.href")
    link.click()
    page.wait_for_load_state()
    settle(page)
    return target


@pytest.mark.parametrize("name", few(["convergence", "activation_statistics", "trainability_map"], 1))
def test_a_story_does_not_depend_on_what_was_before(name, page, elsewhere, site_of):
    home = address(site_of(name), name)
    page.goto(home)
    settle(page)
    count = page.locator(".stories a").count()
    assert count > 1
    choose(page)
    # Links work alike; the page is another one before each.
    for place in (count - 1, 0):
        target = follow(page, place)
        fresh = elsewhere()
        fresh.goto(target)
        settle(fresh)
        mine, theirs = shown_alike(page, fresh)
        # Choices that are the first ones anyway do not stand in the address.
        assert page.url == fresh.url
        assert mine == theirs
    assert page.evaluate(DRAWN)
