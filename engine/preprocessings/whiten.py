"""Decorrelated inputs with unit variance along every axis."""

from typing import Annotated

import numpy as np
from pydantic import Field

from goldilocks.engine.card import Card
from goldilocks.engine.preprocessings.base import Preprocessing, Transform, preprocessings
from goldilocks.engine.preprocessings.principal_axes import PrincipalAxes


@preprocessings.register
class Whiten(Preprocessing):
    """x ← (x - mean) U / √(λ + ε λ₁): the covariance becomes the identity."""

    name = "whiten"
    aliases = ("sphere",)
    card = Card(
        "Whitened",
        "x ← (x − E[x]) U / √(λ + ε λ₁), with Cov[x] = U diag(λ) Uᵀ, λ₁ ≥ λ₂ ≥ …",
        "CS231n 2021, lecture 7; LeCun et al. 1998",
        notes="ε is a share of the largest variance; with the default, 0, the covariance becomes exactly the identity. "
        "Axes along which the training split does not vary are zero. Enlarges the noise along axes of little variance; "
        "not usual for images.",
        rank=50,
        colour="violet",
    )

    eps: Annotated[float, Field(ge=0, le=1)] = 0.0

    def fit(self, train: np.ndarray) -> Transform:
        """Return the coordinates on the principal axes, each divided by its standard deviation."""
        axes = PrincipalAxes.of(train)
        varies = axes.variance > 0
        scale = varies / np.sqrt(np.where(varies, axes.variance, 1) + self.eps * axes.variance[0])
        return lambda x: axes.coordinates(x) * scale
