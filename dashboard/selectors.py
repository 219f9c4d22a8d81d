"""Choices bound to the URL, so that the address of a page reproduces what it shows.

A value in the URL that is not among the options is named in a sentence and ignored.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import streamlit as st

from goldilocks.dashboard import permalink
from goldilocks.dashboard.verbatim import verbatim
from goldilocks.store.command_line.printable import printable

Option = TypeVar("Option")
# Digits of a number in the URL that are looked at; more are too many for any limit.
LONGEST = 12


def _mention_unknown(key: str, label: str, options: Sequence[Any], show: Callable[[Any], str]) -> None:
    known = {show(option) for option in options}
    for value in st.query_params.get_all(key):
        if value and value not in known:
            _warn(label, value, "which cannot be chosen here")


def _warn(label: str, value: str, why: str) -> None:
    # The text comes from the URL: shown as code, so that nothing in it is interpreted.
    safe = printable(value.replace("`", "'").replace("\n", " ")[:80])
    st.warning(f"{verbatim(label)}: the address asks for `{safe}`, {why}.", icon=":material/link:")


def _mention_unless_whole(label: str, least: int, most: int, key: str) -> None:
    for value in st.query_params.get_all(key):
        if not (value.isascii() and value.isdecimal() and least <= int(value[:LONGEST]) <= most):
            _warn(label, value, f"not a whole number from {least:,} to {most:,}")


def asked(label: str, least: int, most: int, key: str) -> int | None:
    """Return a whole number that the address asks for, and no widget chooses; None where it asks for none.

    Args:
        label: what is chosen.
        least: smallest number.
        most: largest number.
        key: name in the URL.
    """
    _mention_unless_whole(label, least, most, key)
    value = st.query_params.get(key, "")
    known = value.isascii() and value.isdecimal() and least <= int(value[:LONGEST]) <= most
    return int(value[:LONGEST]) if known else None


def number(label: str, least: int, most: int, default: int, key: str) -> int:
    """Choose a whole number.

    Args:
        label: what is chosen.
        least: smallest number.
        most: largest number.
        default: the first choice.
        key: name in the URL, unique on the page.
    """
    _mention_unless_whole(label, least, most, key)
    try:
        chosen = st.number_input(verbatim(label), least, most, default, key=key, bind="query-params")
    except OverflowError:
        # Streamlit reads 1e999 in the URL as infinity, which is no whole number.
        chosen = st.number_input(verbatim(label), least, most, default, key=f"{key}_unbound")
    return _noted(key, default if chosen is None else chosen)


def _noted(key: str, chosen: int) -> int:
    permalink.note(key, [str(chosen)])
    return chosen


def position(label: str, most: int, default: int, key: str, help: str | None = None, least: int = 1) -> int:
    """Choose a place on a slider.

    Args:
        label: what is chosen.
        most: last place.
        default: the first choice.
        key: name in the URL, unique on the page.
        help: a sentence in the tooltip.
        least: first place.
    """
    _mention_unless_whole(label, least, most, key)
    return _noted(key, st.slider(verbatim(label), least, most, default, key=key, help=help, bind="query-params"))


def one(
    label: str,
    options: Sequence[Option],
    key: str,
    default: Option | None = None,
    show: Callable[[Any], str] = str,
    help: str | None = None,
) -> Option:
    """Choose one option.

    Args:
        label: what is chosen.
        options: at least one.
        key: name in the URL, unique on the page.
        default: the first choice; the first option when it is not among them.
        show: text of an option.
        help: a sentence in the tooltip.
    """
    _mention_unknown(key, label, options, show)
    start = options.index(default) if default in options else 0
    # Streamlit asks for the texts again after the page was drawn, when a store that they come from may be gone.
    text = {option: show(option) for option in options}.__getitem__
    chosen = st.selectbox(
        verbatim(label), options, index=start, format_func=text, key=key, help=help, bind="query-params"
    )
    found = options[start] if chosen is None else chosen
    permalink.note(key, [text(found)])
    return found


def several(
    label: str,
    options: Sequence[Option],
    key: str,
    default: Sequence[Option],
    show: Callable[[Any], str] = str,
    most: int | None = None,
    help: str | None = None,
) -> list[Option]:
    """Choose any number of options.

    Args:
        label: what is chosen.
        options: what there is.
        key: name in the URL, unique on the page.
        default: the first choice; those not among the options are left out.
        show: text of an option.
        most: largest number of options.
        help: a sentence in the tooltip.
    """
    _mention_unknown(key, label, options, show)
    start = [option for option in default if option in options] or list(options[:1])
    chosen = st.multiselect(
        verbatim(label),
        options,
        start,
        format_func=show,
        key=key,
        max_selections=most,
        help=help,
        wrap=True,
        bind="query-params",
    )
    permalink.note(key, [show(option) for option in chosen])
    return [option for option in options if option in chosen]


def answer(label: str, question: str, options: Sequence[str], key: str) -> str | None:
    """Ask a question; return the answer, or None where there is none yet.

    Args:
        label: what is answered, in a sentence about an answer that there is not.
        question: what is asked.
        options: the possible answers.
        key: name in the URL, unique on the page.
    """
    _mention_unknown(key, label, options, str)
    return st.pills(question, options, key=key, bind="query-params")


def switch(
    label: str,
    options: Sequence[str],
    key: str,
    default: str,
    show: Callable[[str], str] = str,
    help: str | None = None,
    moved: bool = False,
) -> str:
    """Choose one of a few options that are all visible.

    Args:
        label: what is chosen.
        options: at least one.
        key: name in the URL, unique on the page.
        default: the first choice.
        show: text of an option.
        help: a sentence in the tooltip.
        moved: whether the page has just chosen in the session, instead of the reader.
    """
    _mention_unknown(key, label, options, show)
    chosen = st.segmented_control(
        verbatim(label),
        options,
        default=None if moved else default,
        format_func=lambda option: verbatim(show(option)),
        key=key,
        help=help,
        required=True,
        bind="query-params",
    )
    permalink.note(key, [show(chosen or default)])
    return chosen or default
