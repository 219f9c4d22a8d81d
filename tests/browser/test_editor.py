"""The box for SQL: its words have colours, and become what is offered with keys or a pointer."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.accessibility import serious
from tests.browser.visiting import settle


@pytest.fixture
def box(page, site):
    page.goto(f"{site}/data_and_sql")
    settle(page)
    found = page.locator(".st-key-sql textarea")
    expect(page.locator(".goldilocks-sql .keyword").first).to_have_text("SELECT")
    found.fill("")
    # A word that is not offered is not waited for as long as a page.
    page.set_default_timeout(20_000)
    return found


@pytest.mark.essential("the editor lives in a browser alone")
def test_letters_have_colours_and_words_become_what_is_offered(page, box):
    offered = page.locator(".goldilocks-completion li")
    words = offered.locator("b")

    def typed(text, *keys):
        box.press_sequentially(text)
        expect(offered.first).to_be_visible()
        found = words.all_text_contents()
        for key in keys:
            box.press(key)
        expect(offered.first).to_be_hidden()
        return found

    box.press_sequentially("-- from select\nSELECT count(*), max(a.std) FROM ")
    # After FROM stand tables and views alone.
    assert typed("activation_s", "Tab") == ["activation_stats"]
    box.press_sequentially(" a WHERE ")
    assert typed("a.ini", "Enter") == ["init"]
    assert "kaiming" in typed(" = 'kaim", "ArrowDown", "ArrowUp", "Tab")
    # Ctrl + Space shows what may stand there; a column of what is read comes first.
    box.press_sequentially("' OR ")
    box.press("Control+Space")
    expect(offered).not_to_have_count(0)
    assert serious(page) == []
    box.press("Escape")
    expect(offered.first).to_be_hidden()
    box.press_sequentially("1 = 0 AND ")
    box.press_sequentially("date_t")
    words.get_by_text("date_trunc", exact=True).click()
    box.press_sequentially("'it''s', NULL) = 1")
    sql = "-- from select\nSELECT count(*), max(a.std) FROM activation_stats a WHERE a.init = 'kaiming' OR 1 = 0 AND "
    expect(box).to_have_value(sql + "date_trunc('it''s', NULL) = 1")
    drawn = {
        kind: page.locator(f".goldilocks-sql .{kind}").all_text_contents()
        for kind in ("comment", "keyword", "relation", "function", "text", "number")
    }
    assert drawn == {
        "comment": ["-- from select"],
        "keyword": ["SELECT", "FROM", "WHERE", "OR", "AND", "NULL"],
        "relation": ["activation_stats"],
        "function": ["count", "max", "date_trunc"],
        "text": ["'kaiming'", "'it''s'"],
        "number": ["1", "0", "1"],
    }
    # The letters that are drawn lie on those that are typed.
    assert page.locator(".goldilocks-sql").inner_text().removesuffix("\n") == box.input_value()
    lines = "one => [one.scrollHeight, getComputedStyle(one).font, one.clientWidth]"
    assert page.locator(".goldilocks-sql").evaluate(lines) == box.evaluate(lines)
    # A word within a comment is none; one that is typed in full needs no list.
    box.press_sequentially("\n-- activ")
    box.press("Control+Space")
    expect(offered.first).to_be_hidden()


def test_keys_do_what_they_do_elsewhere_while_nothing_is_offered(page, box):
    box.press_sequentially("SELECT 41 + 1 AS answer")
    box.press("Control+Enter")
    expect(page).to_have_url(re.compile("sql=SELECT"))
    box.press("Tab")
    expect(box).not_to_be_focused()
