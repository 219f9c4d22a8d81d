"""Activation functions, one per file; a new file that registers a class is a new activation."""

from goldilocks.engine.activations.base import Activation, activations

__all__ = ["Activation", "activations"]
