"""A cloud of points in the plane, for the lecture's picture of preprocessing."""

import numpy as np

from goldilocks.engine import randomness
from goldilocks.engine.card import Card
from goldilocks.engine.data.base import Dataset, Split, datasets

CENTRE = (3.0, 4.0)
# Standard deviations along the long and the short axis of the cloud, and the angle of the long one.
SPREAD, ANGLE = (1.5, 0.3), np.pi / 6
# Half the distance between the means of the two classes, along the short axis, in its standard deviations.
SEPARATION = 0.8


@datasets.register
class Cloud(Dataset):
    """Two classes in an elongated, tilted cloud off the origin."""

    name = "cloud"
    features, classes, train_size, test_size = 2, 2, 400, 200
    fewest = 200
    card = Card(
        "Cloud in the plane",
        "x = m + R(30°) diag(s) (u ± d e₂), u ~ N(0, I), two classes",
        "CS231n 2021, lecture 7",
        notes="Elongated, tilted and off the origin: what centring, scaling, rotating and whitening undo.",
    )

    def load(self) -> Split:
        """Return the points, the same ones every time."""
        size = self.train_size + self.test_size
        points = randomness.standard_normal(("cloud", size), (size, 2)).astype(np.float64)
        labels = np.arange(size) % 2
        points[:, 1] += SEPARATION * (2 * labels - 1)
        rotation = np.array([[np.cos(ANGLE), np.sin(ANGLE)], [-np.sin(ANGLE), np.cos(ANGLE)]])
        x = (CENTRE + (points * SPREAD) @ rotation).astype(np.float32)
        train = slice(self.train_size)
        test = slice(self.train_size, None)
        return Split(x[train], labels[train], x[test], labels[test])
