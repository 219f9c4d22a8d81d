"""The strips of a diagnosed network: signal and gradient at its sites by name, and what is dead or saturated there."""

import pandas as pd

from goldilocks.dashboard import data
from goldilocks.dashboard.charts import sites
from goldilocks.dashboard.charts.chart import Chart
from goldilocks.dashboard.diagnosis import Diagnosis

# What is drawn of a site, and its columns: mean, lowest, highest, seeds without a finite value.
SIZES = {
    "std": ("std", "std_low", "std_high", "std_lost"),
    "grad_rms": ("grad_rms", "grad_low", "grad_high", "grad_lost"),
}
SHARES = ("frac_dead_units", "frac_saturated")
# A share below this cannot be seen.
SEEN = 0.005
# Letters of a name that there is room for, in a card that is one of so many side by side.
LETTERS = {1: 34, 2: 24, 3: 17}


def sizes(rows: pd.DataFrame, labels: dict[str, str]) -> pd.DataFrame:
    """Return what is drawn of sites on a logarithmic axis, one row per site and quantity.

    Args:
        rows: of the named query `sites_over_seeds`.
        labels: what the quantities are called.
    """
    parts = []
    for quantity, (mean, low, high, lost) in SIZES.items():
        part = rows[["init", "label", "seeds"]].assign(
            quantity=labels[quantity], mean=rows[mean], low=rows[low], high=rows[high], lost=rows[lost]
        )
        # What theory says is said of the signal alone.
        part["rms"], part["theory"] = (rows["rms"], rows["theory_rms"]) if quantity == "std" else (None, None)
        # A site without a gradient, such as the input, has no row.
        parts.append(part[rows[mean].notna() | (rows[lost] > 0)])
    return pd.concat(parts, ignore_index=True).rename(columns={"label": "site"})


def seen_shares(rows: pd.DataFrame, labels: dict[str, str]) -> pd.DataFrame:
    """Return the shares that can be seen, one row per site and quantity.

    Args:
        rows: of the named query `sites_over_seeds`.
        labels: what the quantities are called.
    """
    parts = []
    for name in SHARES:
        own = rows.loc[rows[name] >= SEEN, ["init", "label", name]]
        parts.append(own.rename(columns={name: "share"}).assign(quantity=labels[name]))
    return pd.concat(parts, ignore_index=True).rename(columns={"label": "site"})


@data.cached
def strips(diagnosis: Diagnosis, shown: str, beside: int) -> dict[str, tuple[Chart, Chart | None]]:
    """Return the strips of each initialization, all on the same axes: sizes, and shares where there are any.

    Args:
        diagnosis: the network.
        shown: which sites, a key of `diagnosis.ROLES`.
        beside: how many stand side by side.
    """
    rows, labels = diagnosis.sites(shown).frame(), data.labels()
    drawn, shares = sizes(rows, labels), seen_shares(rows, labels)
    ends = sites.extent([*drawn["mean"], *drawn["low"], *drawn["high"]])
    column = sites.Column(_in_order(rows, drawn), ends, LETTERS[beside])
    lower = sites.Column(_in_order(rows, shares), (0, 1), LETTERS[beside])
    titles = [" · ".join(dict.fromkeys(frame["quantity"])) for frame in (drawn, shares)]
    found = {}
    for init in diagnosis.inits:
        own, parts = (frame[frame["init"] == init].reset_index(drop=True) for frame in (drawn, shares))
        if not own.empty:
            second = sites.shares(parts, lower, titles[1]) if len(shares) else None
            found[init] = (sites.signal(own, column, titles[0]), second)
    return found


def _in_order(rows: pd.DataFrame, drawn: pd.DataFrame) -> list[str]:
    """Return the names of the sites that something is drawn of, in execution order."""
    there = set(drawn["site"])
    return [name for name in dict.fromkeys(rows.sort_values("site", kind="stable")["label"]) if name in there]
