"""How a verdict is shown: a badge, the rates and factors behind it, and the thresholds that decide."""

from typing import Any, Literal

import pandas as pd
import streamlit as st

from goldilocks.dashboard import data, theme
from goldilocks.dashboard.numerals import numeral
from goldilocks.dashboard.verbatim import verbatim

# Where there is no number.
NONE = "–"


def badge(verdict: Any) -> None:
    """Show a verdict as a coloured badge.

    Args:
        verdict: text of the store's view `signal_rates`; anything else means that there is no rate.
    """
    text = verdict if isinstance(verdict, str) else "one layer: no rate"
    colour = theme.VERDICT_COLOURS.get(text, "gray")
    st.badge(verbatim(text), color=colour, icon=theme.VERDICT_ICONS.get(text, ":material/help:"))


def rate(value: Any, verdict: Any) -> str:
    """Return a growth rate in words; a single layer has none.

    Args:
        value: the rate.
        verdict: what the store says of the same networks.
    """
    if pd.notna(value):
        return f"×{numeral(value)} per layer"
    return "overflows" if verdict in ("diverged", "too big") else NONE


def growth(found: Any, direction: Literal["forward", "backward"]) -> str:
    """Return how a signal or a gradient grows, per layer and over the whole depth, in words.

    Args:
        found: a row of the query `configuration_verdicts`.
        direction: forward for the signal, backward for the gradient.
    """
    per_layer, total = rate(getattr(found, f"{direction}_rate"), found.verdict), getattr(found, f"{direction}_factor")
    return f"{per_layer} (×{numeral(total)} in all)" if pd.notna(total) else per_layer


def limits() -> str:
    """Return which growth is too big and which too small, in one sentence."""
    known = data.thresholds()
    return (
        f"Too big: more than ×{known['too_big']:g} per layer over the deeper half of the layers, or more than "
        f"×{known['factor_too_big']:g} over the whole depth; too small: less than ×{known['too_small']:g} or "
        f"×{known['factor_too_small']:g}."
    )


def share(value: Any) -> str:
    """Return a share in per cent; a dash when there is none."""
    return f"{value:.0%}" if pd.notna(value) else NONE
