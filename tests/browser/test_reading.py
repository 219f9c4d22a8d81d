"""Comparing runs with the pointer: a rule with all values, lines alone by the legend, and a part of the axis."""

import io

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.visiting import settle

# Of the cells of the store.
LAST_STEP = "40"
FIGURE = "[class*=st-key-figure-train-loss]"


@pytest.fixture
def figure(page, site):
    """A figure of several lines in one panel."""
    page.goto(f"{site}/convergence?train_panels=One%20panel")
    settle(page)
    found = page.locator(FIGURE)
    found.scroll_into_view_if_needed()
    return found


def place(figure, share):
    """Return where a share of the figure's width is, below its middle."""
    box = figure.locator("svg.marks").bounding_box()
    return box["x"] + share * box["width"], box["y"] + 0.6 * box["height"]


def across(page, figure, *shares):
    """Move the pointer to places of the figure, as shares of its width."""
    for share in shares:
        page.mouse.move(*place(figure, share), steps=3)


def test_a_rule_tells_all_values_and_a_part_that_is_dragged_across_is_zoomed_into(page, figure):
    lines = figure.locator("g.mark-line path").count()
    assert lines > 1
    # Out of sight as soon as a part before it is looked at.
    last = figure.locator("g.role-axis-label text").get_by_text(LAST_STEP, exact=True)
    expect(last).to_have_count(1)
    across(page, figure, 0.5, 0.52)
    told = page.locator("#vg-tooltip-element")
    expect(told).to_contain_text("Step")
    expect(told.locator("tr")).to_have_count(2 + lines)
    expect(figure.locator("g.mark-symbol.role-mark path")).to_have_count(lines)
    page.mouse.down()
    across(page, figure, 0.6, 0.8)
    page.mouse.up()
    expect(last).to_have_count(0)
    page.mouse.dblclick(*place(figure, 0.5))
    expect(last).to_have_count(1)


def test_a_click_in_the_legend_isolates_and_a_second_one_brings_back(figure):
    lines = figure.locator("g.mark-line path")
    all_of_them = lines.count()
    name = figure.locator("g.role-legend-label text").first
    name.click()
    expect(lines).not_to_have_count(all_of_them)
    name.click()
    expect(lines).to_have_count(all_of_them)


def test_lines_through_a_part_of_an_axis_stay_and_a_click_beside_it_brings_all_back(page, site):
    page.goto(f"{site}/convergence")
    settle(page)
    canvas = page.locator("[class*=st-key-figure-across] canvas")
    canvas.scroll_into_view_if_needed()

    def coloured():
        """How many pixels have a colour: of lines that stay, since faded ones are nearly white."""
        pixels = np.asarray(Image.open(io.BytesIO(canvas.screenshot())).convert("RGB")).astype(int)
        return (np.ptp(pixels, axis=-1) > 60).sum()

    def at(across, down):
        box = canvas.bounding_box()
        return box["x"] + across * box["width"], box["y"] + down * box["height"]

    page.wait_for_timeout(500)
    before = coloured()
    # The lower part of the first axis, where one of the lines begins.
    page.mouse.move(*at(0.15, 0.5))
    page.mouse.down()
    page.mouse.move(*at(0.27, 0.85), steps=5)
    page.mouse.up()
    page.wait_for_timeout(500)
    assert 0.2 * before < coloured() < 0.8 * before
    page.mouse.click(*at(0.4, 0.2))
    page.wait_for_timeout(500)
    assert coloured() == pytest.approx(before, rel=0.05)


def test_in_the_dark_a_canvas_has_light_words(page, site):
    page.emulate_media(color_scheme="dark")
    page.goto(f"{site}/convergence")
    settle(page)
    canvas = page.locator("[class*=st-key-figure-across] canvas")
    canvas.scroll_into_view_if_needed()
    page.wait_for_timeout(500)
    grey = np.asarray(Image.open(io.BytesIO(canvas.screenshot())).convert("L"))
    background = np.median(grey)
    assert background < 50
    # Nothing on it is darker; of the words some are nearly white.
    assert (grey < background - 5).mean() < 0.001
    assert (grey > 170).sum() > 100
