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


# A browser that is new here tells how wide it is, and the page is drawn once more: how it stands then is how it stays.
# The ruler looks again at most every 120 ms.
SETTLED = f"""
() => {{
  const reported = document.cookie.match(/{viewport.COOKIE}=(\\d+)/)?.[1];
  const done = document.querySelector("h1")
    && reported === document.documentElement.dataset.{viewport.DRAWN}
    && !document.querySelector("[data-testid=stApp][data-test-script-state=running], [data-testid=stSkeleton]");
  const now = performance.now();
  window.settledSince = done ? (window.settledSince ?? now) : undefined;
  return done && now - window.settledSince >= 250;
}}
"""


def settle(page):
    page.evaluate("window.settledSince = undefined")
    page.wait_for_function(SETTLED, polling=50)


def address(site, name):
    return site if name == "lecture" else f"{site}/{name}"
