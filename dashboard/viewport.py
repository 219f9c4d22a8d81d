"""How wide the page is, as the browser tells: charts of several panels are laid out for it.

Vega-Lite lets one panel fill what it stands in, but not several: those have a width in pixels, which only the browser
knows.
"""

from typing import Any

import streamlit as st
from streamlit.components.v2 import component

from dashboard.charts.panels import USUAL_WIDTH

KEY = "viewport"
# What is assumed until the browser has spoken.
USUAL = {"width": USUAL_WIDTH, "stacked": False}
# Widths are told in steps, so that dragging the edge of a window does not draw the page at every pixel.
STEP = 20
# Between columns that stand side by side; in windows up to 640 pixels Streamlit stacks them.
GAP = 16
SCRIPT = """
export default function ({ data, setStateValue }) {
  const page = document.querySelector("[data-testid=stMainBlockContainer]");
  if (!page) return;
  let told = data.told;
  const tell = () => {
    const style = getComputedStyle(page);
    const inside = page.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
    const now = { width: Math.floor(inside / data.step) * data.step, stacked: window.innerWidth <= 640 };
    if (now.width <= 0 || (now.width === told.width && now.stacked === told.stacked)) return;
    told = now;
    setStateValue("page", now);
  };
  let waiting;
  const observer = new ResizeObserver(() => { clearTimeout(waiting); waiting = setTimeout(tell, 120); });
  observer.observe(page);
  tell();
  return () => { clearTimeout(waiting); observer.disconnect(); };
}
"""

_ruler = component("ruler", js=SCRIPT)


def measure() -> None:
    """Ask the browser how wide the page is; when that is not what it was drawn for, it is drawn once more."""
    _ruler(
        key=KEY,
        data={"told": _told(), "step": STEP},
        default={"page": USUAL},
        on_page_change=lambda: None,
        height=1,
    )


def width() -> int:
    """Return the width of the page in pixels, the navigation not counted."""
    return _told()["width"]


def beside(share: float, border: int = 0) -> int:
    """Return the pixels that are left beside a column, or below it where columns are stacked.

    Args:
        share: what the column takes of the width.
        border: pixels that are not there for either of them.
    """
    inside = width() - border
    return inside if _told()["stacked"] else int((inside - GAP) * (1 - share))


def _told() -> dict[str, Any]:
    """Return what the browser has told last; it is not believed when it makes no sense."""
    page = st.session_state.get(KEY, {}).get("page")
    sensible = isinstance(page, dict) and isinstance(page.get("width"), int) and page["width"] >= STEP
    return {"width": page["width"], "stacked": bool(page.get("stacked"))} if sensible else USUAL
