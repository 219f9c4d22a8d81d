"""Configurations that a reader keeps in sight: named by the address of every page, so that they come along."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from goldilocks.dashboard import axes
from goldilocks.dashboard.verbatim import verbatim

# In the address, and in the session from page to page.
KEY = "pin"
MOST = 8
SEPARATOR = "|"
_KINDS: dict[str, type] = {"lr": float} | dict.fromkeys(("depth", "width", "batch_size", "steps"), int)
# The order in which the store's queries name the axes of a pinned configuration.
ORDER = (
    "network",
    "dataset",
    "preprocessing",
    "init",
    "activation",
    "norm",
    "depth",
    "width",
    "batch_size",
    "optimizer",
    "lr",
    "steps",
)
# What the navigation says of one.
IN_FULL = ("init", "activation", "norm", "depth", "lr")
# A pin of an address that is longer names nothing.
LONGEST = 400


def begin() -> None:
    """Take the pins of the address, or give it those of the page before."""
    asked = st.query_params.get_all(KEY)
    if asked:
        st.session_state[KEY] = _sound(asked)
    elif st.session_state.get(KEY):
        st.query_params[KEY] = st.session_state[KEY]


def pinned() -> list[str]:
    """Return the pinned configurations, the first one first."""
    return list(st.session_state.get(KEY, ()))


def keep(chosen: Sequence[str]) -> None:
    """Pin these configurations and no others.

    Args:
        chosen: as `pin` writes them.
    """
    st.session_state[KEY] = _sound(chosen)
    st.query_params[KEY] = st.session_state[KEY]


def pin(row: Mapping[str, Any]) -> str:
    """Return a configuration as the address and the store's queries have it.

    Args:
        row: its value on each axis.
    """
    return SEPARATOR.join(str(row[axis]) for axis in ORDER)


def of(frame: pd.DataFrame) -> list[str]:
    """Return the rows of a frame as pins.

    Args:
        frame: configurations, with the axes as columns.
    """
    return [pin(dict(zip(ORDER, row, strict=True))) for row in frame[list(ORDER)].itertuples(index=False)]


def parts(pin: str) -> dict[str, Any] | None:
    """Return the value of each axis of a pinned configuration, or None where a text is none.

    Args:
        pin: the text.
    """
    values = pin.split(SEPARATOR)
    if len(pin) > LONGEST or len(values) != len(ORDER):
        return None
    try:
        return {axis: _KINDS.get(axis, str)(value) for axis, value in zip(ORDER, values, strict=True)}
    except ValueError:
        return None


def values(axis: str, offered: Iterable[Any]) -> list[Any]:
    """Return the values of an axis that pinned configurations have, of those that are offered.

    Args:
        axis: the axis.
        offered: what can be chosen.
    """
    wanted = [found[axis] for found in map(parts, pinned()) if found]
    return [value for value in offered if value in wanted]


def name(pin: str, others: Sequence[str]) -> str:
    """Return what tells a pinned configuration apart from others, in words.

    Args:
        pin: the configuration.
        others: all among which it stands.
    """
    found = [part for part in map(parts, others) if part]
    differing = [axis for axis in axes.NAMES if len({str(part[axis]) for part in found}) > 1] or ["init", "norm"]
    own = parts(pin)
    return pin if own is None else ", ".join(axes.text(axis, own[axis]) for axis in differing)


def offer() -> None:
    """Show the pinned configurations, each with a button that lets it go."""
    kept = pinned()
    if not kept:
        return
    with st.container(key="pins", gap="small"):
        st.caption("Pinned; they come along from page to page")
        for pin in kept:
            let_go = lambda pin=pin: keep([other for other in pinned() if other != pin])
            label = verbatim(_in_full(pin))
            st.button(
                label, key=f"unpin-{pin}", icon=":material/close:", type="tertiary", on_click=let_go, help="Unpin"
            )


def _in_full(pin: str) -> str:
    own = parts(pin)
    return pin if own is None else ", ".join(axes.text(axis, own[axis]) for axis in IN_FULL)


def _sound(asked: Iterable[str]) -> list[str]:
    return [pin for pin in dict.fromkeys(asked) if parts(pin)][:MOST]
