"""Intervals over a few seeds: the range, or the 95 % confidence interval of the mean."""

import numpy as np
import pandas as pd

# 0.975 quantiles of Student's t for 1, 2, 3 … degrees of freedom.
STUDENT = (
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131, 2.120,
    2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045,
)  # fmt: skip
NORMAL = 1.960
BANDS = {"range": "range of the seeds", "interval": "95 % interval of the mean"}


def banded(frame: pd.DataFrame, band: str) -> pd.DataFrame:
    """Return rows whose low and high are the wanted band.

    Args:
        frame: mean, low, high (the range), spread (standard deviation over seeds), finite (number of seeds).
        band: a key of `BANDS`. One seed has no interval: its band has no width.
    """
    if band != "interval":
        return frame
    seeds = frame["finite"].to_numpy(int)
    table = np.array([0.0, 0.0, *STUDENT, NORMAL])
    half = table[np.minimum(seeds, len(table) - 1)] * frame["spread"].to_numpy(float) / np.sqrt(np.maximum(seeds, 1))
    return frame.assign(low=frame["mean"] - half, high=frame["mean"] + half)
