"""What theory needs to know of a batch of inputs: how long the examples are, and how alike."""

from dataclasses import dataclass

import numpy as np

# Examples are told apart by their length in so many groups.
GROUPS = 16


@dataclass(frozen=True)
class InputStatistics:
    """A batch of inputs.

    Attributes:
        second_moments: mean square of the features, of groups of equally many examples.
        length_scatter: relative variance of the mean of all second moments, from seed to seed.
        correlation: mean of the normalized inner products of two examples.
        correlation_scatter: variance of these.
    """

    second_moments: tuple[float, ...]
    length_scatter: float
    correlation: float
    correlation_scatter: float

    @property
    def second_moment(self) -> float:
        """Mean square of all features."""
        return float(np.mean(self.second_moments))

    @classmethod
    def gaussian(cls, batch: int, features: int) -> "InputStatistics":
        """Describe independent N(0,1) inputs.

        Args:
            batch: number of examples.
            features: size of an example.
        """
        return cls((1.0,), 2 / (batch * features), 0.0, 1 / features)

    @classmethod
    def measured(cls, x: np.ndarray) -> "InputStatistics":
        """Describe given inputs.

        Args:
            x: `[batch, feature]`, in float64.
        """
        groups = _groups(x)
        if len(x) < 2:
            return cls(groups, 0.0, 0.0, 0.0)
        directions = x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), np.finfo(float).tiny)
        products = (directions @ directions.T)[np.triu_indices(len(x), 1)]
        return cls(groups, 0.0, float(products.mean()), float(products.var()))

    @classmethod
    def lengths(cls, x: np.ndarray) -> "InputStatistics":
        """Describe how long given inputs are; how alike they are, which bands depend on, is left out.

        Args:
            x: `[example, feature]`.
        """
        return cls(_groups(x), 0.0, 0.0, 0.0)


def _groups(x: np.ndarray) -> tuple[float, ...]:
    """Return the mean square of the features of groups of equally many examples, by length."""
    squares = np.sort(np.square(x, dtype=np.float64).mean(1))
    return tuple(float(part.mean()) for part in np.array_split(squares, min(GROUPS, len(x))))
