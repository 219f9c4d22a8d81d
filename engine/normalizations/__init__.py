"""Normalizations between the affine map and the activation, one per file."""

from goldilocks.engine.normalizations.base import Normalization, normalizations

__all__ = ["Normalization", "normalizations"]
