"""Layer statistics as charts want them: one metric, its range over seeds, and the theory beside it."""

from typing import Any

import pandas as pd

from goldilocks.dashboard.members import members

# The prediction, and where 95 % of single networks lie.
THEORY = {
    "std": ("theory_std", "theory_std_low", "theory_std_high"),
    "grad_rms": ("theory_grad_rms", "theory_grad_low", "theory_grad_high"),
}


def network_title(row: Any) -> str:
    """Return what an untrained network and its input are called.

    Args:
        row: network, dataset, preprocessing, depth, width, batch_size.
    """
    label = members().label("dataset", row.dataset)
    # Inputs that are called otherwise than their data set say by that how they are made.
    inputs = f"{row.dataset} ({row.preprocessing})" if label == row.dataset else label
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
        for name, column in zip(("theory", "theory_low", "theory_high"), THEORY[metric], strict=True):
            frame[name] = signal[column].astype(float)
    return frame


def relative(frame: pd.DataFrame, ratios: pd.DataFrame, metric: str, baseline: str) -> pd.DataFrame:
    """Return every number relative to one configuration in the same layer, measured ones in pairs of seeds.

    Args:
        frame: the result of `against_layer`.
        ratios: for each of its rows, by its label, those of the named query `signal_ratios`.
        metric: std or grad_rms.
        baseline: the configuration.
    """
    shown = frame.assign(mean=ratios[metric], low=ratios[f"{metric}_low"], high=ratios[f"{metric}_high"])
    if "theory" not in frame:
        return shown
    base = frame[frame["configuration"] == baseline].drop_duplicates("layer").set_index("layer")["theory"]
    below = frame["layer"].map(base).astype(float)
    # How far a ratio of two networks with the same draws strays from theory is not known.
    return shown.assign(
        theory=frame["theory"] / below.where(below > 0), theory_low=float("nan"), theory_high=float("nan")
    )
