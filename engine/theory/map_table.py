"""The maps of each activation as a table: readers of the store follow lengths and correlations without PyTorch.

Evenly spaced in ln q, the maps can be interpolated by a polynomial through a few neighbouring rows, correlations in
the angle θ = arccos c by the polynomial through all of a row: on both axes they are smooth even where φ has kinks. To
compute them takes minutes, so those of the activations that come with the program lie beside this file.
"""

from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files
from math import exp

import numpy as np
import pyarrow as pa
from scipy.interpolate import make_interp_spline

from goldilocks.engine.activations import Activation, activations
from goldilocks.engine.theory.correlation import correlation_map
from goldilocks.engine.theory.gaussian import expectation
from goldilocks.engine.theory.maps import length, length_slope, mean, slope, variance
from goldilocks.engine.theory.plane import expansion
from goldilocks.store import tables

ASSET = "maps.npz"
# Rows are so far apart in ln q, a power of two: every row is a number that float64 holds exactly.
STEP = 1 / 8
# Below, an activation is a straight line to the eye of a variance; above, it has come to its asymptotes.
LOWEST, HIGHEST = -20.0, 30.0
# The largest σw² and σb² of networks whose variances the table must hold, and layers after which these have settled.
LARGEST, SETTLED = (12.25, 1.0), 200
# Angles from 0 to 90 degrees, the extrema of a Chebyshev polynomial.
ANGLES = (np.pi / 4) * (1 - np.cos(np.pi * np.arange(25) / 24))
# From these ln q on, every second and every fourth row is computed; those between follow from a spline of this degree.
THINNED, DEGREE = ((14.0, 4), (6.0, 2), (-np.inf, 1)), 9
# Terms of the expansion that gives correlations where what it leaves out is smaller than this; elsewhere by quadrature.
TERMS, LEFT_OUT = 512, 1e-12


@dataclass(frozen=True)
class MapTable:
    """The maps of an activation, an array over the rows each.

    Attributes:
        log_q: ln q `[row]`.
        length: V(q) = E φ² `[row]`.
        length_slope: V′(q) `[row]`.
        slope: D(q) = E φ′² `[row]`.
        mean: M(q) = E φ `[row]`.
        variance: V − M² `[row]`.
        kurtosis: E φ⁴/V² `[row]`.
        correlations: E φ(z_a)φ(z_b)/V for pre-activations whose correlation is the cosine of each of `ANGLES`
            `[row, angle]`; without columns where nobody computed them.
    """

    log_q: np.ndarray
    length: np.ndarray
    length_slope: np.ndarray
    slope: np.ndarray
    mean: np.ndarray
    variance: np.ndarray
    kurtosis: np.ndarray
    correlations: np.ndarray

    @classmethod
    def computed(cls, activation: Activation, correlated: bool) -> "MapTable":
        """Compute the maps.

        Args:
            activation: φ.
            correlated: whether correlations are computed, too, which may take minutes.
        """
        log_q = variances(activation)
        q = np.exp(log_q)
        lengths, means = length(activation, q), mean(activation, q)
        fourth = expectation(lambda z: activation(z) ** 4, q, activation.kinks, activation.period)
        return cls(
            log_q,
            lengths,
            length_slope(activation, q),
            slope(activation, q),
            means,
            variance(activation, q, means),
            fourth / lengths**2,
            correlations(activation, q) if correlated else np.empty((len(q), 0)),
        )

    @property
    def columns(self) -> np.ndarray:
        """All of it as one array `[row, column]`, correlations last."""
        *single, correlations = vars(self).values()
        return np.column_stack([*single, correlations])

    @classmethod
    def of_columns(cls, columns: np.ndarray) -> "MapTable":
        """Return the maps that `columns` were made of."""
        names = [name for name in cls.__dataclass_fields__ if name != "correlations"]
        single = dict(zip(names, columns.T, strict=False))
        return cls(**single, correlations=columns[:, len(names) :])


def variances(activation: Activation) -> np.ndarray:
    """Return the ln q of the rows of an activation: as far as networks come.

    Args:
        activation: φ.
    """
    weight_variance, bias_variance = LARGEST
    q = weight_variance + bias_variance
    for _ in range(SETTLED):
        q = max(q, min(weight_variance * length(activation, q) + bias_variance, exp(HIGHEST)))
    # A neighbourhood beyond the largest, so that it is not interpolated from one side.
    highest = min(HIGHEST, np.log(q) + 5 * STEP)
    return np.arange(LOWEST, highest + STEP, STEP)


def correlations(activation: Activation, q: np.ndarray) -> np.ndarray:
    """Compute E φ(z_a)φ(z_b)/V for each variance and angle.

    Args:
        activation: φ.
        q: variances `[row]`.

    Returns:
        The correlations `[row, angle]`.
    """
    # Of a homogeneous activation all rows are alike.
    if activation.positively_homogeneous and len(q) > 1:
        return np.repeat(correlations(activation, q[:1]), len(q), axis=0)
    log_q = np.log(q)
    kept = np.isin(np.arange(len(q)), [row for row, at in enumerate(log_q) if row % _thinned(at) == 0])
    kept[-1] = True
    some = q[kept]
    lengths, squares = expansion(activation, some, TERMS)
    cosines, powers = np.cos(ANGLES), np.arange(TERMS)
    relative = squares @ np.power(cosines, powers[:, None])
    doubtful = squares[:, -1:] * np.power(cosines, TERMS - 1) > LEFT_OUT
    doubtful[:, 0] = False
    for row, angle in np.argwhere(doubtful):
        relative[row, angle] = correlation_map(activation, float(some[row]), float(cosines[angle])) / lengths[row]
    return relative if len(some) == len(q) else make_interp_spline(log_q[kept], relative, DEGREE)(log_q)


def _thinned(log_q: float) -> int:
    """Return how many rows apart correlations are computed: where they change less, fewer will do."""
    return next(rows for least, rows in THINNED if log_q >= least)


@cache
def map_table(activation: Activation) -> MapTable:
    """Return the maps of an activation; without correlations where it does not come with the program.

    Args:
        activation: φ.
    """
    kept = _kept().get(str(activation))
    return MapTable.computed(activation, correlated=False) if kept is None else kept


def activation_maps() -> pa.Table:
    """Return the maps of all activations whose parameters have defaults, as rows of the store's table of that name."""
    made = [
        member()
        for member in activations
        if not any(field.is_required() for field in member.model_fields.values()) and not activations.flaw(member)
    ]
    rows = [
        {"activation": str(one)}
        | {n: column.tolist() if column.size else [] for n, column in vars(map_table(one)).items()}
        for one in made
    ]
    return tables.of_rows("activation_maps", rows)


@cache
def _kept() -> dict[str, MapTable]:
    """Return the maps that come with the program, by the text of the activation."""
    with as_file(files("goldilocks.engine.theory") / "assets" / ASSET) as path, np.load(path) as arrays:
        return {name: MapTable.of_columns(columns) for name, columns in arrays.items()}
