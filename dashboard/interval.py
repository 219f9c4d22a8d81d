"""Intervals over a few seeds: the range, or the 95 % confidence interval of the mean."""

import numpy as np
import pandas as pd

# 0.975 quantiles of Student's t for 1, 2, 3 … degrees of freedom; for more, the expansion of Cornish and Fisher around
# the normal one, in powers of their inverse. The queries of the store have the same.
STUDENT = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262)
EXPANSION = (1.95996, 2.37227, 2.8225, 2.555)
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
    half = _student(seeds - 1) * frame["spread"].to_numpy(float) / np.sqrt(np.maximum(seeds, 1))
    return frame.assign(low=frame["mean"] - half, high=frame["mean"] + half)


def _student(freedom: np.ndarray) -> np.ndarray:
    table = np.array([0.0, *STUDENT])
    many = sum(factor / np.maximum(freedom, 1) ** power for power, factor in enumerate(EXPANSION))
    return np.where(freedom < len(table), table[np.clip(freedom, 0, len(STUDENT))], many)
