"""A reader without a mouse changes what is drawn, opens what is folded away, and goes from page to page."""

import re

from playwright.sync_api import expect

from tests.browser.keyboard import reach
from tests.browser.visiting import settle


def press(page, *keys):
    for key in keys:
        page.keyboard.press(key)
    settle(page)


def test_figures_are_chosen_and_pages_opened_with_keys(page, site):
    page.goto(f"{site}/activation_statistics")
    settle(page)
    cards = page.locator("[class*=st-key-card-]")
    expect(cards).to_have_count(4)
    reach(page, "[aria-label=Initializations][role=combobox]")
    press(page, "Backspace")
    expect(cards).to_have_count(3)
    expect(page).to_have_url(re.compile("init=xavier$"))
    reach(page, "[role=radio]")
    press(page, "ArrowRight", "Enter")
    expect(page).to_have_url(re.compile("tap=pre"))
    reach(page, "[aria-label=Layer]")
    press(page, "ArrowLeft")
    expect(page).to_have_url(re.compile("layer_of_12=11"))
    expect(page.get_by_text("layer 11: std").first).to_be_visible()
    reach(page, "[data-testid=stPopoverButton]")
    press(page, "Enter")
    taken = page.locator("[data-testid=stPopoverBody]")
    expect(taken.get_by_role("button", name="CSV")).to_be_visible()
    press(page, "Escape")
    expect(taken).to_have_count(0)
    expect(page.locator("[data-testid=stPopoverButton]").filter(has_text="Download").first).to_be_focused()
    page.reload()
    settle(page)
    reach(page, "[data-testid=stSidebarNavLink][href$=what_should_i_use]")
    press(page, "Enter")
    expect(page.locator("h1")).to_have_text("What should I use?")
    expect(page).to_have_url(re.compile("what_should_i_use"))
    reach(page, "[aria-label=Layers]")
    press(page, "ArrowUp", "Enter")
    expect(page).to_have_url(re.compile("use_depth=7"))


def test_a_tile_is_chosen_with_keys_or_clicked_and_the_last_one_counts(page, site):
    page.goto(f"{site}/trainability_map")
    settle(page)
    reach(page, "[aria-label=Tile]")
    press(page, "ArrowDown", "ArrowDown", "Enter")
    expect(page).to_have_url(re.compile("map_tile="))
    expect(page.get_by_text("how did it train?")).to_be_visible()
    chosen = page.url
    page.locator("[data-testid=stVegaLiteChart] g.mark-rect path").first.click(timeout=5000)
    expect(page).not_to_have_url(chosen)
    settle(page)
    expect(page.get_by_role("combobox", name="Tile")).not_to_have_value("none")
    reach(page, "[aria-label=Tile]")
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("none")
    press(page, "Enter")
    expect(page.get_by_text("how did it train?")).to_have_count(0)
