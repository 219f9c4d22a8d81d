"""Visiting a page in a browser: its address, when it has been drawn, and what does not fit."""

from goldilocks.dashboard import viewport

WIDTHS = (1440, 390)
# Charts that reach beyond the window, and words that reach beyond their chart.
TOO_WIDE = """
[...document.querySelectorAll("[data-testid=stVegaLiteChart] svg")]
  .filter(chart => chart.getBoundingClientRect().right > window.innerWidth)
"""
CUT = """
[...document.querySelectorAll("[data-testid=stVegaLiteChart] svg")].flatMap(chart => {
  const edge = chart.getBoundingClientRect();
  return [...chart.querySelectorAll("text")].filter(text => {
    const box = text.getBoundingClientRect();
    const across = box.left < edge.left - 1 || box.right > edge.right + 1;
    return text.textContent && (across || box.top < edge.top - 1 || box.bottom > edge.bottom + 1);
  }).map(text => text.textContent);
})
"""


def settle(page):
    page.wait_for_selector("h1")
    # A browser that is new here tells how wide it is, and the page is drawn once more.
    page.wait_for_function(f"document.cookie.includes('{viewport.COOKIE}=')")
    page.wait_for_function("!document.querySelector('[data-testid=stApp][data-test-script-state=running]')")
    page.wait_for_selector("[data-testid=stSkeleton]", state="detached")
    page.wait_for_timeout(250)


def address(site, name):
    return site if name == "lecture" else f"{site}/{name}"
