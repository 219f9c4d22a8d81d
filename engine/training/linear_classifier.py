"""A linear classifier with squared error: its loss is a parabola, so everything about it is known from its Hessian."""

from dataclasses import dataclass

import numpy as np

from goldilocks.engine.preprocessings.principal_axes import SPAN


@dataclass(frozen=True)
class Spectrum:
    """Eigenvalues and eigenvectors of a positive semidefinite matrix, on its span.

    Attributes:
        values: by falling size `[axis]`.
        vectors: columns `[feature, axis]`.
    """

    values: np.ndarray
    vectors: np.ndarray

    @classmethod
    def of(cls, matrix: np.ndarray) -> "Spectrum":
        """Decompose a matrix `[feature, feature]`."""
        values, vectors = np.linalg.eigh(matrix)
        on_span = np.flatnonzero(values > SPAN * values[-1])[::-1]
        return cls(values[on_span], vectors[:, on_span])

    @property
    def condition_number(self) -> float:
        """Largest divided by smallest eigenvalue, κ."""
        return float(self.values[0] / self.values[-1])


class LinearClassifier:
    """The loss ½ E‖xW + b − y‖² over a training split, y the one-hot label.

    With the bias as the weight of a constant input, x̃ = (x, 1), the Hessian is E[x̃ᵀx̃], once per class.

    Args:
        x: examples `[example, feature]`, float64.
        labels: class of each example.
        classes: number of classes.

    Source:
        LeCun, Bottou, Orr & Müller 1998, "Efficient BackProp".
    """

    def __init__(self, x: np.ndarray, labels: np.ndarray, classes: int):
        self.x, self.labels = x, labels
        self.inputs = np.column_stack([x, np.ones(len(x))])
        self.targets = np.eye(classes)[labels]
        self.hessian = self.inputs.T @ self.inputs / len(x)
        self.correlation = self.inputs.T @ self.targets / len(x)
        self.spectrum = Spectrum.of(self.hessian)
        axes = self.spectrum.vectors
        self.solution = axes @ ((axes.T @ self.correlation) / self.spectrum.values[:, None])

    def excess(self, weights: np.ndarray) -> float:
        """Return how much larger the loss is than its minimum.

        Args:
            weights: W with b as its last row `[feature + 1, class]`.
        """
        apart = weights - self.solution
        return float(np.sum(apart * (self.hessian @ apart)) / 2)

    def descend(self, rate: float, steps: int) -> np.ndarray:
        """Return the excess of the loss before each step of gradient descent from zero and after the last one.

        Args:
            rate: learning rate.
            steps: number of steps.

        Returns:
            `[step + 1]`, as a share of the excess at the start.
        """
        weights = np.zeros_like(self.solution)
        excess = [self.excess(weights)]
        for _ in range(steps):
            weights -= rate * (self.hessian @ weights - self.correlation)
            excess.append(self.excess(weights))
        return np.array(excess) / excess[0]

    def perturbed(self, directions: np.ndarray, sizes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return loss and accuracy after the solution's W is changed along random directions.

        Args:
            directions: `[direction, feature, class]`; only their direction matters.
            sizes: norm of the change divided by the norm of W `[size]`.

        Returns:
            Loss and share of correct predictions on the training split, each `[size, direction]`.
        """
        weights, scores = self.solution[:-1], self.inputs @ self.solution
        norms = np.linalg.norm(directions, axis=(1, 2), keepdims=True)
        units = directions * (np.linalg.norm(weights) / norms)
        loss, accuracy = np.empty((2, len(sizes), len(units)))
        for d, unit in enumerate(units):
            change = self.x @ unit
            for s, size in enumerate(sizes):
                moved = scores + size * change
                loss[s, d] = np.square(moved - self.targets).sum(1).mean() / 2
                accuracy[s, d] = (moved.argmax(1) == self.labels).mean()
        return loss, accuracy
