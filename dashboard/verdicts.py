"""How a verdict is shown: a badge, and the rates behind it."""

from typing import Any

import pandas as pd
import streamlit as st

from dashboard import theme
from dashboard.numerals import numeral

# Where there is no number.
NONE = "–"


def badge(verdict: Any) -> None:
    """Show a verdict as a coloured badge.

    Args:
        verdict: text of the store's view `signal_rates`; anything else means that there is no rate.
    """
    text = verdict if isinstance(verdict, str) else "one layer: no rate"
    colour = theme.VERDICT_COLOURS.get(text, "gray")
    st.badge(text, color=colour, icon=theme.VERDICT_ICONS.get(text, ":material/help:"))


def rate(value: Any, verdict: Any) -> str:
    """Return a growth rate in words; a single layer has none.

    Args:
        value: the rate.
        verdict: what the store says of the same networks.
    """
    if pd.notna(value):
        return f"×{numeral(value)} per layer"
    return "overflows" if verdict in ("diverged", "too big") else NONE


def share(value: Any) -> str:
    """Return a share in per cent; a dash when there is none."""
    return f"{value:.0%}" if pd.notna(value) else NONE
