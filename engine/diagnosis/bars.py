"""Strips over the stream for a terminal: a bar for each site, as high as the logarithm of what is there."""

from collections.abc import Iterator

import numpy as np

from goldilocks.engine.diagnosis.measurement import Array
from goldilocks.engine.diagnosis.ranking import Strip

BARS = "▁▂▃▄▅▆▇█"
# What stands for a site where a seed is not finite, and where one is zero.
LOST, ZERO = "x", "_"
# Sites beyond this number are left out evenly.
MOST = 36
# Decades that the bars span at least, so that rounding does not look like a trend.
FEWEST_DECADES = 1.0


def bars(strips: dict[str, Strip], width: int) -> Iterator[str]:
    """Yield lines for signal and gradient of each initialization; bars of one quantity have one scale.

    Args:
        strips: by initialization; all of the same sites.
        width: of the names.
    """
    rows = {
        "signal": {init: typical(along.forward) for init, along in strips.items()},
        "gradient": {init: typical(along.backward) for init, along in strips.items()},
    }
    scales = {name: _scale(list(of_inits.values())) for name, of_inits in rows.items()}
    for init in strips:
        for place, (name, of_inits) in enumerate(rows.items()):
            sizes, label = of_inits[init], init if place == 0 else ""
            ends = f"{sizes[0]:.2g} to {sizes[-1]:.2g}"
            yield f"{_short(label, width):<{width}} {name:<8} {_drawn(sizes, *scales[name]):<{MOST}} {ends}".rstrip()


def typical(sizes: Array) -> Array:
    """Return the geometric mean over seeds `[site]`; zero or not finite where a seed is.

    Args:
        sizes: `[seed, site]`.
    """
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return np.exp(np.log(sizes).mean(0))


def _scale(rows: list[Array]) -> tuple[float, float]:
    sizes = np.concatenate(rows)
    logs = np.log10(sizes[np.isfinite(sizes) & (sizes > 0)])
    if not logs.size:
        return 0.0, FEWEST_DECADES
    low, high = float(logs.min()), float(logs.max())
    lacking = max(FEWEST_DECADES - (high - low), 0.0) / 2
    return low - lacking, high + lacking


def _drawn(sizes: Array, low: float, high: float) -> str:
    places = np.unique(np.linspace(0, len(sizes) - 1, min(len(sizes), MOST)).round().astype(int))
    return "".join(_bar(size, low, high) for size in sizes[places])


def _bar(size: float, low: float, high: float) -> str:
    if not np.isfinite(size):
        return LOST
    if size <= 0:
        return ZERO
    share = (np.log10(size) - low) / (high - low)
    return BARS[min(int(share * len(BARS)), len(BARS) - 1)]


def _short(name: str, width: int) -> str:
    return name if len(name) <= width else f"{name[: width - 1]}…"
