"""The principal axes of a cloud of examples, which PCA and whitening share."""

from dataclasses import dataclass

import numpy as np

# Along an axis whose variance is below this share of the largest one the training split does not vary: what is left of
# it is rounding noise of float64.
SPAN = 1e-12


@dataclass(frozen=True)
class PrincipalAxes:
    """Centre, axes and variances of the training split.

    Attributes:
        mean: `[feature]`.
        axes: orthonormal columns `[feature, axis]`, by falling variance; those it does not vary along are zero.
        variance: along each axis `[axis]`; zero where it does not vary.
    """

    mean: np.ndarray
    axes: np.ndarray
    variance: np.ndarray

    @classmethod
    def of(cls, train: np.ndarray) -> "PrincipalAxes":
        """Find the principal axes.

        Args:
            train: training examples `[example, feature]`, float64.
        """
        mean = train.mean(0)
        variance, axes = np.linalg.eigh(np.cov(train, rowvar=False, ddof=0).reshape(train.shape[1], -1))
        variance, axes = variance[::-1], axes[:, ::-1]
        varies = variance > SPAN * variance[0]
        # An axis may point either way: here its largest component is positive, on every machine.
        largest = axes[np.abs(axes).argmax(0), np.arange(axes.shape[1])]
        return cls(mean, axes * np.sign(largest) * varies, variance * varies)

    def coordinates(self, x: np.ndarray) -> np.ndarray:
        """Return the examples along the axes `[example, axis]`."""
        return (x - self.mean) @ self.axes
