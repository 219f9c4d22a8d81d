"""What the rules found, as cards: why it is wrong, and what to do."""

from typing import Any, Literal

import pandas as pd
import streamlit as st

from goldilocks.dashboard import data
from goldilocks.dashboard.diagnosis import Diagnosis
from goldilocks.dashboard.figure import table_downloads
from goldilocks.dashboard.numerals import numeral
from goldilocks.dashboard.question import Question
from goldilocks.dashboard.verbatim import verbatim

Colour = Literal["red", "orange", "blue"]
COLOURS: dict[str, Colour] = {"error": "red", "warning": "orange", "note": "blue"}
ICONS = {"error": ":material/error:", "warning": ":material/warning:", "note": ":material/info:"}
# So many cards are in sight; the others are behind a button.
MOST_CARDS = 8


def show(diagnosis: Diagnosis) -> None:
    """Show the findings about a network, the gravest first.

    Args:
        diagnosis: the network.
    """
    with st.container(horizontal=True, vertical_alignment="center", wrap=False):
        st.markdown("### What is wrong?", width="stretch")
        table_downloads(diagnosis.findings, "findings")
    found = diagnosis.findings.frame()
    if found.empty:
        st.success("No rule found anything under these initializations.", icon=":material/check:")
        return
    st.caption(
        "Error: training will fail or is wasted; warning: it will suffer; note: worth knowing. At least half of the "
        "seeds agree on each."
    )
    cards = [rows for _, rows in found.groupby(["severity", "rule", "place"], sort=False)]
    cards.sort(key=lambda rows: list(COLOURS).index(rows["severity"].iloc[0]))
    known = _rules()
    for place, rows in enumerate(cards[:MOST_CARDS]):
        _card(rows, known, place)
    if more := cards[MOST_CARDS:]:
        with st.expander(f"{len(more)} more"):
            for place, rows in enumerate(more, MOST_CARDS):
                _card(rows, known, place)


@data.cached
def _rules() -> dict[str, Any]:
    """Return the cards of the rules that the store knows, by name."""
    cards = Question("scheme_cards", {"kind": "rule"}).frame()
    return {row.name: row for row in cards.itertuples(index=False)}


def worst(found: pd.DataFrame, init: str) -> str:
    """Return the gravest finding about an initialization in a few words, or nothing.

    Args:
        found: rows of the named query `findings_over_seeds`.
        init: the initialization.
    """
    own = found[(found["init"] == init) & (found["severity"] != "note")]
    if own.empty:
        return ""
    first = own.iloc[0]
    more = f", and {len(own) - 1} more" if len(own) > 1 else ""
    return f"{first['severity']}: {title(first['rule'])} at {first['place']}{more}"


def title(rule: str) -> str:
    """Return what a rule is called.

    Args:
        rule: its name.
    """
    card = _rules().get(rule)
    return card.title if card is not None else rule.replace("_", " ").capitalize()


def _card(rows: pd.DataFrame, known: dict[str, Any], place: int) -> None:
    """Show one finding, which may hold under several initializations."""
    first = rows.iloc[0]
    with st.container(border=True, key=f"finding-{place}"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.badge(verbatim(first["severity"]), color=COLOURS[first["severity"]], icon=ICONS[first["severity"]])
            st.markdown(f"**{verbatim(title(first['rule']))}** at {verbatim(first['place'])}")
        st.markdown("\n".join(f"- {_why(row)}" for row in rows.itertuples()))
        for remedy, of_remedy in rows.groupby("remedy", sort=False):
            st.markdown(f"**What to do:** {verbatim(remedy)}")
            for code in dict.fromkeys(code for code in of_remedy["code"] if code):
                st.code(code, language="python")
        card = known.get(first["rule"])
        if card is not None:
            st.caption(verbatim(f"Rule: {card.formula} ({card.reference})"))


def _why(row: Any) -> str:
    why = row.why[:1].upper() + row.why[1:]
    elsewhere = f", here under {row.agreeing_here}" if row.agreeing_here < row.agreeing else ""
    seeds = f"{row.agreeing} of {row.seeds} seed{'s' if row.seeds != 1 else ''}{elsewhere}"
    measured = f"{numeral(row.measured)} against a limit of {numeral(row.threshold)}, {seeds}"
    return f"**{verbatim(row.init)}:** {verbatim(why)} ({verbatim(measured)})"
