"""Initializations of one network, best first, compared in pairs of the same seed."""

from dataclasses import dataclass
from math import log
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from goldilocks.engine.diagnosis.evidence import Evidence
from goldilocks.engine.diagnosis.finding import Finding
from goldilocks.engine.diagnosis.measurement import Array, Measurement
from goldilocks.engine.diagnosis.rates import Rate, rate_of

# How often identical initializations may seem different, over all comparisons with the first together.
LEVEL = 0.05
# What an infinite distance counts as in a difference: beyond what float32 can span.
FARTHEST = 200.0


@dataclass(frozen=True)
class Strip:
    """Sizes along the spine of one initialization.

    Attributes:
        labels: of the sites.
        forward: std of the signal `[seed, site]`.
        backward: rms of the gradient `[seed, site]`.
    """

    labels: tuple[str, ...]
    forward: Array
    backward: Array

    @property
    def forward_rate(self) -> Rate | None:
        """Factor of the signal per step, from input to output."""
        return rate_of(self.forward)

    @property
    def backward_rate(self) -> Rate | None:
        """Factor of the gradient per step, on its way back."""
        return rate_of(self.backward[:, ::-1])


def strip(measurement: Measurement, init: str) -> Strip:
    """Return what is drawn of an initialization: signal and gradient along the spine."""
    evidence = Evidence(measurement, init)
    places = [site.index for site in evidence.flow.spine]
    return Strip(
        tuple(site.label for site in evidence.flow.spine),
        evidence.signal("std")[:, places],
        evidence.signal("grad_rms")[:, places],
    )


def distance(measurement: Measurement, init: str) -> Array:
    """Return how far an initialization is from preserving signal and gradient `[seed]`.

    |ln F| + |ln B| + max(0, ln(first loss/ln C)), F and B the factors of the signal's std and the gradient's rms over
    the whole spine; infinite where something is not finite or vanishes.

    Args:
        measurement: of the network.
        init: the initialization.
    """
    return _distance(measurement, init, strip(measurement, init))


def _distance(measurement: Measurement, init: str, along: Strip) -> Array:
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        far = sum(
            (
                np.abs(np.log(sizes[:, -1] / sizes[:, 0]))
                for sizes in (along.forward, along.backward)
                if sizes.shape[1] > 1
            ),
            np.zeros(len(along.forward)),
        )
        if measurement.classes and measurement.classes > 1:
            loss = measurement.first_loss[measurement.rows(init)] / log(measurement.classes)
            far = far + np.log(np.maximum(loss, 1.0))
    return np.where(np.isnan(far), np.inf, far)


def ranking(measurement: Measurement, findings: tuple[Finding, ...]) -> pd.DataFrame:
    """Rank the initializations: fewest errors first, then by distance; each is compared with the first.

    Args:
        measurement: of the network.
        findings: about it.

    Returns:
        One row per initialization: `place`, `init`, `errors`, `warnings`, `forward_rate` and `backward_rate`, each with
        the interval of its mean over seeds (`forward_low`, `forward_high`, …), `first_loss`, `distance`, and against
        the first on common seeds `behind` (mean difference of distances) with its interval `behind_low`, `behind_high`
        (Student's t, Bonferroni over the comparisons) and `clearly_behind`.
    """
    strips = {init: strip(measurement, init) for init in measurement.inits}
    distances = {init: _distance(measurement, init, along) for init, along in strips.items()}
    rows = [_row(measurement, init, findings, distances[init], along) for init, along in strips.items()]
    rows.sort(key=lambda row: (row["errors"], row["distance"]))
    for place, row in enumerate(rows, 1):
        row["place"] = place
        row |= _behind(distances[rows[0]["init"]], distances[row["init"]], len(rows) - 1) if place > 1 else _FIRST
    return pd.DataFrame(rows)[["place", *(key for key in rows[0] if key != "place")]]


_FIRST = {"behind": 0.0, "behind_low": np.nan, "behind_high": np.nan, "clearly_behind": False}


def _row(
    measurement: Measurement, init: str, findings: tuple[Finding, ...], far: Array, along: Strip
) -> dict[str, Any]:
    rates = {"forward": along.forward_rate, "backward": along.backward_rate}
    own = [one.severity for one in findings if one.init == init]
    return {
        "init": init,
        "errors": own.count("error"),
        "warnings": own.count("warning"),
        **{f"{way}_rate": rate.mean if rate else np.nan for way, rate in rates.items()},
        **{f"{way}_{end}": getattr(rate, end, np.nan) for way, rate in rates.items() for end in ("low", "high")},
        "first_loss": float(np.mean(measurement.first_loss[measurement.rows(init)])),
        "distance": float(np.mean(far)),
    }


def _behind(first: Array, other: Array, comparisons: int) -> dict[str, Any]:
    shared = min(len(first), len(other))
    difference = np.minimum(other[:shared], FARTHEST) - np.minimum(first[:shared], FARTHEST)
    mean = float(difference.mean())
    if shared < 2:
        return {"behind": mean, "behind_low": np.nan, "behind_high": np.nan, "clearly_behind": False}
    quantile = float(stdtrit(shared - 1, 1 - LEVEL / (2 * max(comparisons, 1))))
    reach = quantile * float(difference.std(ddof=1)) / shared**0.5
    return {
        "behind": mean,
        "behind_low": mean - reach,
        "behind_high": mean + reach,
        "clearly_behind": bool(mean - reach > 0),
    }
