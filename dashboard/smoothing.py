"""Curves with less noise: the exponential moving average that TensorBoard draws."""

import numpy as np
import pandas as pd

# A weight of one would never move; in per cent.
MOST = 99
# The column of the mean as it was measured, beside that of the smoothed one.
MEASURED = "measured"


def smoothed(frame: pd.DataFrame, percent: int) -> pd.DataFrame:
    """Return curves whose mean is its moving average: m ← w·m + (1 − w)·x, divided by 1 − wⁿ after n values.

    The division takes away the pull of the first m, zero. What is not finite stays as it is, and changes no average.

    Args:
        frame: configuration, step, mean.
        percent: the weight w of what came before, in per cent; 0 leaves the curves as they are.

    Returns:
        Rows in the order of the frame, with the measured mean in the column `MEASURED` where there is any smoothing.
    """
    if not percent:
        return frame
    weight, found = percent / 100, frame["mean"].to_numpy(float, copy=True)
    for places in frame.groupby("configuration", sort=False).indices.values():
        ascending = places[np.argsort(frame["step"].to_numpy()[places], kind="stable")]
        found[ascending] = _average(found[ascending], weight)
    return frame.assign(**{MEASURED: frame["mean"], "mean": found})


def _average(values: np.ndarray, weight: float) -> np.ndarray:
    found, average, count = np.array(values, float), 0.0, 0
    for place, value in enumerate(values):
        if np.isfinite(value):
            average, count = weight * average + (1 - weight) * value, count + 1
            found[place] = average / (1 - weight**count)
    return found
