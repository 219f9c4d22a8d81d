"""Inputs along their principal axes."""

import numpy as np

from goldilocks.engine.card import Card
from goldilocks.engine.preprocessings.base import Preprocessing, Transform, preprocessings
from goldilocks.engine.preprocessings.principal_axes import PrincipalAxes


@preprocessings.register
class Pca(Preprocessing):
    """x ← (x - mean) U: zero-centred and decorrelated, not rescaled."""

    name = "pca"
    aliases = ("decorrelate",)
    card = Card(
        "PCA",
        "x ← (x − E[x]) U, with Cov[x] = U diag(λ) Uᵀ, λ₁ ≥ λ₂ ≥ …",
        "CS231n 2021, lecture 7; Pearson 1901",
        notes="All axes are kept. Those along which the training split does not vary are zero. Not usual for images.",
        rank=40,
        colour="sky",
    )

    def fit(self, train: np.ndarray) -> Transform:
        """Return the coordinates on the principal axes."""
        return PrincipalAxes.of(train).coordinates
