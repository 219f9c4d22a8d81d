"""A page without a mouse: where Tab goes, and whether one sees it."""

from tests.browser.accessibility import numbers, theme

# More than any page has; a page that is not left by then is a trap.
MOST_STOPS = 400
# A table's canvas draws the frame around its own cell, whose twin for screen readers may have the focus, and the main
# region has one all around.
FRAMED_ITSELF = "canvas, canvas *, [data-testid=stMain]"
FOCUS = """
async ([selector, primary]) => {
  const framed = element => {
    const style = getComputedStyle(element);
    const outlined = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
    return outlined || style.boxShadow.includes(primary) || style.borderTopColor.includes(primary);
  };
  let element = document.activeElement;
  // In a component with styles of its own, what has the focus lies below what the page says that has it.
  while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
  if (!element || element === document.body) return null;
  element.dataset.visited = "";
  // Its button appears when it has the focus.
  const button = () => element.parentElement.querySelector("[data-testid=stBaseButton-elementToolbar]");
  for (let wait = 0; wait < 20 && element.matches("[data-testid=stCode]") && !button()?.checkVisibility(); wait++)
    await new Promise(done => setTimeout(done, 100));
  const around = [element];
  while (around.length < 4 && around.at(-1).parentElement) around.push(around.at(-1).parentElement);
  return element.matches(selector) || around.some(framed) ? "" : element.outerHTML.slice(0, 200);
}
"""
# Of a group of radio buttons Tab reaches one; what is not shown need not be reached; the button of a block of code is
# made anew whenever the block gets the focus.
PASSED_BY = """
() => [...document.querySelectorAll("[data-testid=stMain] :is(a[href], button, input, select, textarea, summary)")]
  .filter(element => element.tabIndex >= 0 && !element.disabled && element.checkVisibility()
    && !("visited" in element.dataset) && element.getAttribute("role") !== "radio"
    && !element.closest("[data-testid=stCode][data-visited]"))
  .map(element => element.outerHTML.slice(0, 200))
"""


def walk(page):
    """Go through a page with Tab, and return what it passes by and what does not show that it has the focus.

    Args:
        page: what the browser shows, in light colours.

    Raises:
        AssertionError: Tab does not leave the page.
    """
    page.add_style_tag(content="* { transition: none !important }")
    primary, unseen = numbers(theme("light")["primaryColor"]), []
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        found = page.evaluate(FOCUS, [FRAMED_ITSELF, primary])
        if found is None:
            return unseen + page.evaluate(PASSED_BY)
        unseen += [found] if found else []
    raise AssertionError(f"after {MOST_STOPS} steps Tab is still on the page: {unseen}")


def reach(page, selector):
    """Press Tab until an element has the focus.

    Args:
        page: what the browser shows.
        selector: of the element.

    Raises:
        AssertionError: it is never reached.
    """
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"Tab does not reach {selector}")
