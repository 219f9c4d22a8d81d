"""Zero-centred inputs."""

import numpy as np

from goldilocks.engine.card import Card
from goldilocks.engine.preprocessings.base import Preprocessing, Transform, preprocessings


@preprocessings.register
class Center(Preprocessing):
    """x ← x - mean, per dimension."""

    name = "center"
    aliases = ("zero_center",)
    card = Card("Zero-centred", "x ← x − E[x], per dimension", "CS231n 2021, lecture 7", rank=20, colour="gold")

    def fit(self, train: np.ndarray) -> Transform:
        """Return x − E x."""
        mean = train.mean(0)
        return lambda x: x - mean
