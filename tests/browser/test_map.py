"""The map in a browser: a tile is chosen by a click and let go by a second one, and all is on one screen."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.visiting import settle

DESK = {"width": 1440, "height": 900}
CHARTS = "[data-testid=stVegaLiteChart] svg.marks"
BEHIND = "how did it train?"


@pytest.fixture
def tile(page, site):
    """The first tile of the map."""
    page.set_viewport_size(DESK)
    page.goto(f"{site}/trainability_map?map_norm=batch")
    settle(page)
    return page.locator("[class*=st-key-figure-map] g.mark-rect path").first


def test_a_click_chooses_a_tile_a_second_one_lets_it_go_and_a_third_one_chooses_it_again(page, tile):
    behind = page.get_by_text(BEHIND)
    for chosen in (True, False, True):
        tile.click()
        expect(behind).to_have_count(int(chosen))
        expect(page).to_have_url(re.compile("map_tile=") if chosen else re.compile("^(?!.*map_tile)"))
        settle(page)
    # Let go by other means, a click chooses it once more.
    page.get_by_role("combobox", name="Tile").click()
    page.get_by_role("option", name="none", exact=True).click()
    expect(behind).to_have_count(0)
    settle(page)
    tile.click()
    expect(behind).to_have_count(1)


def test_the_map_and_what_is_behind_a_tile_are_on_one_screen(page, site):
    page.set_viewport_size(DESK)
    page.goto(f"{site}/trainability_map?map_norm=batch&map_tile=6&map_tile=xavier")
    expect(page.locator(CHARTS)).to_have_count(3)
    settle(page)
    for chart in page.locator(CHARTS).all():
        box = chart.bounding_box()
        assert 0 <= box["y"] <= box["y"] + box["height"] <= DESK["height"]


def test_a_tile_says_in_words_what_it_is(page, tile):
    tile.hover()
    told = page.locator("#vg-tooltip-element")
    expect(told).to_contain_text(re.compile(r"\d of \d+ runs train"))
    expect(told).to_contain_text(re.compile(r"Runs that diverged\s*\d of \d+"))
