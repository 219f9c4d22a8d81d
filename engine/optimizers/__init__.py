"""Update rules over the config axis, one per file."""

from engine.optimizers.base import Optimizer, optimizers

__all__ = ["Optimizer", "optimizers"]
