"""Zero-centred inputs with unit variance."""

import numpy as np

from goldilocks.engine.card import Card
from goldilocks.engine.preprocessings.base import Preprocessing, Transform, preprocessings


@preprocessings.register
class Standardize(Preprocessing):
    """x ← (x - mean)/std, per dimension."""

    name = "standardize"
    aliases = ("normalize",)
    card = Card(
        "Standardized",
        "x ← (x − E[x])/√Var[x], per dimension",
        "CS231n 2021, lecture 7; LeCun et al. 1998",
        notes="A dimension that is constant over the training split is only centred.",
        rank=30,
        colour="green",
    )

    def fit(self, train: np.ndarray) -> Transform:
        """Return (x − E x)/σ, where an input that is constant is centred only."""
        mean, std = train.mean(0), train.std(0)
        std = np.where(std > 0, std, 1.0)
        return lambda x: (x - mean) / std
