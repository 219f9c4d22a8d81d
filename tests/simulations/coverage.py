"""How many single networks lie within the band that theory predicts: `python -m tests.simulations.coverage`.

Prints one line per normalization, activation, batch size and width: the share of layers of networks within the 95 %
band of std and of grad_rms, and how many of them have a band.
"""

import numpy as np
import pandas as pd

from tests.engine.signals import measure

BATCHED = ("batch",)
PLAIN = ("none", "layer", "rms", "group(groups=4)")
# Measured, predicted, band.
COLUMNS = {
    "std": ("std", "theory_std", "theory_std_band"),
    "gradient": ("grad_rms", "theory_grad_rms", "theory_grad_band"),
}


def within(layers: pd.DataFrame, name: str) -> pd.Series:
    """Return for each layer whether the measurement lies in its 95 % band; NA where it has none.

    Args:
        layers: rows of `measure`.
        name: a key of COLUMNS.
    """
    measured, theory, band = (layers[column].astype(float) for column in COLUMNS[name])
    deviation = np.log(measured / theory) + band**2
    return (deviation.abs() <= 1.96 * band).astype(float).where(band.notna() & theory.notna())


def coverage(layers: pd.DataFrame) -> pd.DataFrame:
    """Return the share within the band and the share that has one, by normalization and activation."""
    found = layers[["norm", "activation"]].copy()
    for name in COLUMNS:
        found[name] = within(layers, name)
    found.loc[layers["layer"] == layers["layer"].max(), "gradient"] = np.nan
    groups = found.groupby(["norm", "activation"])
    return groups.mean().join(groups[list(COLUMNS)].count().add_suffix("_banded"))


def main() -> None:
    """Print the tables of engine/NOTES.md."""
    for norms, depth, seeds, batches, widths, activations in (
        (BATCHED, 2, 20, (16, 64, 256), (64, 128, 512), ("relu", "tanh", "gelu", "linear")),
        (BATCHED, 8, 20, (16, 64, 256), (64, 128, 512), ("relu", "tanh", "gelu", "linear")),
        (PLAIN, 30, 40, (1, 16, 64), (64, 256), ("relu", "tanh", "gelu")),
    ):
        for batch in batches:
            for width in widths:
                layers = measure(seeds, ["kaiming"], activations, norms, depth=depth, width=width, batch_size=batch)
                print(f"batch {batch}, width {width}, depth {depth}, {seeds} seeds")
                print(coverage(layers).round(3).to_string(), flush=True)


if __name__ == "__main__":
    main()
