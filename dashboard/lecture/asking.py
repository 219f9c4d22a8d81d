"""What the reader is asked about a row, what was answered, and what the store says then."""

import streamlit as st

from goldilocks.dashboard import data, selectors
from goldilocks.dashboard.lecture.chapters import CHAPTERS
from goldilocks.dashboard.lecture.row import Finding, Row
from goldilocks.dashboard.verbatim import verbatim

PREFIX = "lecture"


def rows() -> dict[int, Row]:
    """Return all rows of the lecture by their numbers, in order."""
    return {row.number: row for chapter in CHAPTERS.values() for row in chapter}


def chapter_of(number: int) -> str:
    """Return the chapter that a row stands in.

    Args:
        number: of the row.
    """
    return next(name for name, chapter in CHAPTERS.items() if number in [row.number for row in chapter])


@data.cached
def finding(number: int) -> Finding | None:
    """Return what the store says about a row.

    Args:
        number: of the row.
    """
    return rows()[number].ask()


def guess(row: Row) -> str | None:
    """Ask the question of a row, and return what the reader says.

    Args:
        row: the row.
    """
    asked = row.prediction
    return selectors.answer(f"L{row.number}", asked.question, asked.options, _key(row.number))


def answered(number: int) -> str | None:
    """Return what the reader has said about a row, which the address remembers; None when nothing.

    Args:
        number: of the row.
    """
    key = _key(number)
    said = st.session_state.get(key) or st.query_params.get(key)
    return said if said in rows()[number].prediction.options else None


def answers() -> dict[str, str]:
    """Return all that the reader has said, by its names in the address."""
    said = {_key(number): answered(number) for number in rows()}
    return {key: answer for key, answer in said.items() if answer is not None}


def compare(said: str, answer: str) -> None:
    """Say whether the data agree with the reader.

    Args:
        said: the reader's answer.
        answer: that of the data.
    """
    if said == answer:
        st.success(f"You said *{verbatim(said)}*, and so do the data.", icon=":material/check:")
    else:
        st.warning(f"You said *{verbatim(said)}*; the data say *{verbatim(answer)}*.", icon=":material/lightbulb:")


def _key(number: int) -> str:
    return f"{PREFIX}_guess_{number}"
