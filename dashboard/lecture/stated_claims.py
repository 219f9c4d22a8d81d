"""Claims that were stated before their seeds were looked at, and what became of them."""

import pandas as pd

from goldilocks.dashboard import data
from goldilocks.dashboard.lecture.judgment import Judgment, Sentence
from goldilocks.dashboard.lecture.wording import count, plus_minus
from goldilocks.dashboard.numerals import numeral

# What the queries say, as a judgment.
JUDGED = {"holds": True, "does not hold": False}


def claims(query: str) -> Sentence:
    """Say what became of such claims.

    Args:
        query: the named query that judges them.
    """
    found, fresh = _judged_on(query)
    return _sentence(found, _fresh(fresh))


def claims_by_target(query: str, about: str) -> list[Sentence]:
    """Say what became of such claims on each target set, a sentence for each.

    Args:
        query: the named query that judges them.
        about: what all of them are about.
    """
    found, fresh = _judged_on(query)
    return [
        _sentence(rows, f"{about}, on {dataset} ({_fresh(fresh)})")
        for dataset, rows in found.groupby("dataset", sort=False)
    ]


def _fresh(fresh: bool) -> str:
    if fresh:
        return "stated before these seeds were looked at"
    return "on the seeds that the settings were chosen on: no confirmation"


def _sentence(found: pd.DataFrame, about: str) -> Sentence:
    return Sentence([_judged(rows) for _, rows in found.groupby("number")], about)


def deciding(query: str) -> pd.Series | None:
    """Return the first claim that the data decide, else the first, in the first of its settings; None where none is.

    Args:
        query: the named query that judges them.
    """
    found, _ = _judged_on(query)
    if found.empty:
        return None
    first = found.sort_values("number", kind="stable").drop_duplicates("number")
    decided = first[first["verdict"].isin(list(JUDGED))]
    return (decided if len(decided) else first).iloc[0]


def _judged_on(query: str) -> tuple[pd.DataFrame, bool]:
    """Return the claims on the seeds that confirm them where there are any, and whether there are."""
    found = data.query(query)
    found = found[found["norm"].isin(["none", "batch"])]
    confirmed = found[found["evidence"] == "confirmation"]
    return (confirmed, True) if len(confirmed) else (found, False)


def _judged(settings: pd.DataFrame) -> Judgment:
    """Say what became of one claim: in the first of its settings, and in how many it holds."""
    first, holding = settings.iloc[0], (settings["verdict"] == "holds").sum()
    found = (
        f"{first['claim']}: **{first['verdict']}**, difference {plus_minus(first['mean'], first['margin'])}"
        f"{_threshold(first['threshold'])} ({first['seeds_that_agree']} of {count(first['seeds'], 'seed')})"
    )
    if len(settings) > 1:
        found = f"{found}, the first of {len(settings)} settings, {holding} of which hold"
    return Judgment(found, JUDGED.get(first["verdict"]))


def _threshold(threshold: float) -> str:
    return f", to be above {numeral(threshold)}" if threshold else ""
