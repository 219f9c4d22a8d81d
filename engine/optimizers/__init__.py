"""Update rules over the config axis, one per file."""

from goldilocks.engine.optimizers.base import Optimizer, optimizers

__all__ = ["Optimizer", "optimizers"]
