"""Layer statistics as charts want them: one metric, its range over seeds, and the theory beside it."""

from typing import Any

import pandas as pd

THEORY = {"std": ("theory_std", "theory_std_band"), "grad_rms": ("theory_grad_rms", "theory_grad_band")}
# Where 95 % of single networks lie, in standard deviations.
TWO_SIGMA = 1.96


def network_title(row: Any) -> str:
    """Return what an untrained network and its input are called.

    Args:
        row: network, dataset, preprocessing, depth, width, batch_size.
    """
    inputs = "N(0,1) inputs" if row.dataset == "gaussian" else f"{row.dataset} ({row.preprocessing})"
    return f"{row.network}, {row.depth} layers of {row.width}, batch of {row.batch_size}, {inputs}"


def against_layer(signal: pd.DataFrame, metric: str) -> pd.DataFrame:
    """Return one metric of `signal_by_layer` with the columns that a chart of lines wants.

    Args:
        signal: rows of the named query `signal_by_layer`, with configurations named.
        metric: std, grad_rms, or a share that has no range.
    """
    frame = signal[[name for name in ("configuration", "init", "variant", "layer", "seeds") if name in signal]].copy()
    frame["mean"] = signal[metric]
    for edge in ("low", "high"):
        frame[edge] = signal[f"{metric}_{edge}"] if f"{metric}_{edge}" in signal else signal[metric]
    frame["lost"] = signal.get(f"{metric}_overflowed", 0)
    if metric in THEORY:
        theory, band = (signal[name].astype(float) for name in THEORY[metric])
        frame["theory"] = theory
        frame["theory_low"] = theory * (1 - TWO_SIGMA * band).clip(lower=0)
        frame["theory_high"] = theory * (1 + TWO_SIGMA * band)
    return frame


def relative(frame: pd.DataFrame, baseline: str) -> pd.DataFrame:
    """Return every number as a ratio to one configuration's mean in the same layer.

    Args:
        frame: the result of `against_layer`.
        baseline: the configuration.
    """
    base = frame[frame["configuration"] == baseline].drop_duplicates("layer").set_index("layer")["mean"]
    below = frame["layer"].map(base).astype(float)
    numbers = [name for name in ("mean", "low", "high", "theory", "theory_low", "theory_high") if name in frame]
    return frame.assign(**{name: frame[name].astype(float) / below.where(below > 0) for name in numbers})
