"""Axe's rules on a page, and the colour scheme that it follows."""

import tomllib

from axe_playwright_python.base import AXE_SCRIPT

from tests.browser.server import ROOT

# Streamlit wraps the groups of its navigation in elements that a list may not hold; nothing here can change that.
FOREIGN = {("list", "stSidebarNavItems"), ("listitem", "<li")}
# Only what was found comes back: all that passed would take longer than the rules themselves.
RUN = """
options => axe.run(document, {resultTypes: ["violations"], ...options}).then(found => found.violations
  .filter(one => ["serious", "critical"].includes(one.impact))
  .flatMap(one => one.nodes.map(node => [one.id, node.html.slice(0, 200), node.any.map(why => why.message).join(" ")])))
"""
BACKGROUND = "getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor"


def serious(page, *rules):
    """Return the serious findings of axe's rules: the rule, the element and why.

    Args:
        page: what the browser shows.
        rules: those to apply; all when none is given.
    """
    if page.evaluate("typeof axe") == "undefined":
        page.evaluate(AXE_SCRIPT)
    found = page.evaluate(RUN, {"runOnly": list(rules)} if rules else {})
    return [one for one in found if not any(one[0] == rule and mark in one[1] for rule, mark in FOREIGN)]


def follow(page, scheme):
    """Let the reader prefer a colour scheme, and wait until the page has its background.

    Args:
        page: what the browser shows.
        scheme: light or dark.
    """
    page.emulate_media(color_scheme=scheme)
    page.wait_for_function(f"{BACKGROUND} === 'rgb({numbers(theme(scheme)['backgroundColor'])})'")


def theme(scheme):
    """Return the colours that the configuration gives to a colour scheme."""
    return tomllib.loads((ROOT / "dashboard" / ".streamlit" / "config.toml").read_text())["theme"][scheme]


def numbers(colour):
    """Return a colour as a browser writes its parts: 29, 89, 179."""
    return ", ".join(str(int(colour[place : place + 2], 16)) for place in (1, 3, 5))
