"""What only the browser can do for the lecture: land on a row, obey a presenter's remote, turn light into dark."""

from collections.abc import Callable

import streamlit as st
from streamlit.components.v2 import component

KEY = "lectern"
# The containers of the buttons that the keys of a remote press; arrows are shortcuts of the buttons themselves.
FORTH, BACK = "present-forth", "present-back"
# Which heading of a row is landed on.
HEADING = "h3"
SCRIPT = """
const REMOTE = {PageDown: "present-forth", PageUp: "present-back"};
const LANDING = 10000;

export default function ({ data, parentElement, setTriggerValue }) {
  parentElement.lectern?.abort();
  const over = parentElement.lectern = new AbortController();
  const on = (target, kind, act, more) => target.addEventListener(kind, act, { signal: over.signal, ...more });

  // A click on a row's link stays on the page; with a modifier it is the browser's.
  on(document, "click", event => {
    const link = event.target.closest?.("a[data-row]");
    if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    setTriggerValue("row", Number(link.dataset.row));
  });

  // In the field of a text these keys move in it.
  on(document, "keydown", event => {
    const pressed = REMOTE[event.key];
    const button = pressed && document.querySelector(`.st-key-${pressed} button`);
    if (!button || event.target.closest?.("input, textarea")) return;
    event.preventDefault();
    button.click();
  });

  // What is drawn above the row later on moves it; what the reader does ends that.
  if (data.landing && parentElement.landed !== data.landing) {
    parentElement.landed = data.landing;
    const main = document.querySelector("[data-testid=stMain]");
    let focused = false;
    const land = () => {
      const heading = document.querySelector(`.st-key-row-${data.row} ${data.heading}`);
      if (!heading) return;
      heading.scrollIntoView({ block: "start", behavior: "instant" });
      if (focused) return;
      focused = true;
      heading.tabIndex = -1;
      heading.focus({ preventScroll: true });
    };
    const moved = new ResizeObserver(land);
    moved.observe(document.querySelector("[data-testid=stMainBlockContainer]"));
    const end = () => moved.disconnect();
    for (const kind of ["wheel", "pointerdown", "keydown", "touchmove"])
      main.addEventListener(kind, end, { once: true, passive: true });
    setTimeout(end, LANDING);
    land();
  }
  return () => over.abort();
}
"""

_lectern = component("lectern", js=SCRIPT)


def stand(row: int | None, landing: str, clicked: Callable[[], None]) -> None:
    """Listen to keys and links, and land on a row.

    Args:
        row: number of the row to land on, if any.
        landing: another text for each landing; empty for none.
        clicked: what to do when a row's link was clicked; `clicked` tells which.
    """
    _lectern(key=KEY, data={"row": row, "landing": landing, "heading": HEADING}, on_row_change=clicked, height=1)


def clicked() -> int | None:
    """Return the number of the row whose link was clicked."""
    number = st.session_state.get(KEY, {}).get("row")
    return number if isinstance(number, int) else None
