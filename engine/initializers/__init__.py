"""Weight initializations, one per file; a new file that registers a class is a new initialization."""

from goldilocks.engine.initializers.base import Fans, Initializer, initializers

__all__ = ["Fans", "Initializer", "initializers"]
