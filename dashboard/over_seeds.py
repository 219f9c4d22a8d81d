"""Answers over seeds as a chart of lines wants them: by name, so that every number stays in its own row."""

import pandas as pd


def for_lines(found: pd.DataFrame, metric: str = "mean") -> pd.DataFrame:
    """Return rows with the columns that a chart of lines draws: mean, low, high, and lost, the seeds without a value.

    Args:
        found: the answer of a named query: the metric, its ends `…_low` and `…_high`, or low and high, and diverged,
            how many seeds did.
        metric: the column that is drawn.
    """
    ends = {f"{metric}_{end}": end for end in ("low", "high")}
    return found.rename(columns={metric: "mean", "diverged": "lost", **ends})
