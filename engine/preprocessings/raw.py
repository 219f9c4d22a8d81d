"""Inputs as they come."""

import numpy as np

from goldilocks.engine.card import Card
from goldilocks.engine.preprocessings.base import Preprocessing, Transform, preprocessings


@preprocessings.register
class Raw(Preprocessing):
    """x ← x."""

    name = "raw"
    aliases = ("none",)
    card = Card("Raw", "x ← x", "CS231n 2021, lecture 7", rank=10, colour="red")

    def fit(self, train: np.ndarray) -> Transform:
        """Return the identity."""
        return lambda x: x
