"""The component that holds the live part of the page, and the point that it reports when a slider is let go."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from importlib.resources import files
from math import isfinite
from typing import Any

import pandas as pd
import streamlit as st
from streamlit.components.v2 import component

from goldilocks.dashboard import permalink
from goldilocks.dashboard.verbatim import verbatim
from goldilocks.store.command_line.printable import printable

KEY = "live"
SCRIPTS = ("theory.js", "plane.js", "picture.js", "page.js")
# What the parts of a point may be, and how an address writes them.
RANGES: dict[str, tuple[float, float]] = {
    "sigma_w": (0.05, 3.5),
    "sigma_b": (0.0, 1.0),
    "depth": (1, 100),
    "width": (8, 4096),
}
WHOLE = ("depth", "width")
DIGITS = 7


@dataclass(frozen=True)
class Point:
    """A network in the plane.

    Attributes:
        sigma_w: standard deviation of the weights times the root of fan-in.
        sigma_b: standard deviation of the biases.
        depth: hidden layers.
        width: units per layer.
    """

    sigma_w: float = 1.5
    sigma_b: float = 0.1
    depth: int = 30
    width: int = 256


def _text(name: str) -> str:
    return files("goldilocks.dashboard.hands_on").joinpath(name).read_text(encoding="utf-8")


_live = component(
    "hands_on", html=_text("page.html"), css=_text("page.css"), js="\n".join(map(_text, SCRIPTS)), isolate_styles=True
)


def parsed(name: str, text: Any) -> float | int | None:
    """Return a part of a point, or None where what came is none.

    Args:
        name: one of `RANGES`.
        text: as an address has it, or a number as a browser reports it.
    """
    least, most = RANGES[name]
    try:
        value = float(text)
    except (TypeError, ValueError, OverflowError):
        return None
    if not (isfinite(value) and least <= value <= most) or (name in WHOLE and value != int(value)):
        return None
    return int(value) if name in WHOLE else value


def chosen(key: Callable[[str], str], labels: dict[str, str]) -> Point:
    """Return the point that the address asks for; what cannot be is named and left as it was.

    Args:
        key: the name in the address of a part of a point.
        labels: what the parts are called.
    """
    found: dict[str, Any] = {}
    for name, (least, most) in RANGES.items():
        for text in st.query_params.get_all(key(name))[-1:]:
            value = parsed(name, text)
            if value is None:
                safe = printable(text.replace("`", "'").replace("\n", " ")[:80])
                st.warning(
                    f"{verbatim(labels[name])}: the address asks for `{safe}`, "
                    f"not a number from {least:g} to {most:g}.",
                    icon=":material/link:",
                )
            else:
                found[name] = value
    point = Point(**found)
    for name, value in asdict(point).items():
        permalink.note(key(name), [written(value)])
    return point


def written(value: float | int) -> str:
    """Return a part of a point as an address has it."""
    return f"{value:.{DIGITS}g}"


def show(point: Point, key: Callable[[str], str], data: dict[str, Any]) -> None:
    """Show the live part.

    Args:
        point: where it begins.
        key: the name in the address of a part of a point.
        data: what the scripts need besides.
    """

    def report() -> None:
        reported = st.session_state[KEY].get("point")
        if not isinstance(reported, dict):
            return
        for name in RANGES:
            value = parsed(name, reported.get(name))
            if value is not None:
                st.query_params[key(name)] = written(value)

    _live(key=KEY, data={**data, "point": asdict(point)}, default={"point": None}, on_point_change=report)


def lists(frame: Any, columns: Sequence[str]) -> list[dict[str, Any]]:
    """Return the rows of a frame as a browser takes them: no NumPy, and nothing that is not finite.

    Args:
        frame: the rows.
        columns: which columns.
    """
    rows = zip(*(frame[name] for name in columns), strict=True)
    return [{name: _plain(value) for name, value in zip(columns, row, strict=True)} for row in rows]


def _plain(value: Any) -> Any:
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return None if value is pd.NA or (isinstance(value, float) and not isfinite(value)) else value
