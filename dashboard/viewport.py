"""How wide the page is, as the browser tells: charts of several panels are laid out for it; and whether it is dark.

Vega-Lite lets one panel fill what it stands in, but not several: those have a width in pixels, which only the browser
knows. Styles know light from dark for colours alone; what needs more finds a class on the root of the document.
"""

from typing import Any, TypeGuard

import streamlit as st
from streamlit.components.v2 import component

from goldilocks.dashboard.charts.panels import USUAL_WIDTH

KEY = "viewport"
# What a browser reported in an earlier session: its first page is drawn for it at once.
COOKIE = "goldilocks_width"
DARK = "goldilocks-dark"
# For which width the page was drawn, among the data of the root of the document.
DRAWN = "goldilocksWidth"
# Widths are reported in steps, so that dragging the edge of a window does not draw the page at every pixel.
STEP = 10
# What the border of a card takes, and what lies between two columns.
CARD, GAP = 34, 16
SCRIPT = """
export default function ({ data, setStateValue }) {
  const page = document.querySelector("[data-testid=stMainBlockContainer]");
  if (!page) return;
  document.documentElement.dataset[data.drawn] = data.reported;
  let reported = data.reported;
  const report = () => {
    const style = getComputedStyle(page);
    const inside = page.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
    const now = Math.floor(inside / data.step) * data.step;
    if (now <= 0) return;
    document.cookie = `${data.cookie}=${now}; path=/; SameSite=Strict`;
    if (now === reported) return;
    reported = now;
    setStateValue("width", now);
  };
  const app = document.querySelector("[data-testid=stApp]");
  const tell = () => {
    document.documentElement.classList.toggle(data.dark, getComputedStyle(app).colorScheme.includes("dark"));
  };
  const painted = new MutationObserver(tell);
  painted.observe(app, { attributeFilter: ["class", "style"] });
  tell();
  let waiting;
  const observer = new ResizeObserver(() => { clearTimeout(waiting); waiting = setTimeout(report, 120); });
  observer.observe(page);
  report();
  return () => { clearTimeout(waiting); observer.disconnect(); painted.disconnect(); };
}
"""

_ruler = component("ruler", js=SCRIPT)


def measure() -> None:
    """Ask the browser how wide the page is; when that is not what it was drawn for, it is drawn once more."""
    now = width()
    _ruler(
        key=KEY,
        data={"reported": now, "step": STEP, "cookie": COOKIE, "dark": DARK, "drawn": DRAWN},
        default={"width": now},
        on_width_change=lambda: None,
        height=1,
    )


def width() -> int:
    """Return the width of the page in pixels, the navigation not counted: what the browser reported last.

    Until it has, and where it makes no sense, that of an earlier session counts, or the usual one.
    """
    reported = st.session_state.get(KEY, {}).get("width")
    if _sensible(reported):
        return reported
    kept = st.context.cookies.get(COOKIE, "")
    # More digits are no width.
    remembered = int(kept) if kept.isascii() and kept.isdecimal() and len(kept) < 6 else None
    return remembered if _sensible(remembered) else USUAL_WIDTH


def _sensible(pixels: Any) -> TypeGuard[int]:
    return isinstance(pixels, int) and pixels >= STEP
