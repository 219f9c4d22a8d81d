"""What is done to the inputs before the first layer, one file per pipeline."""

from goldilocks.engine.preprocessings.base import Preprocessing, preprocessings

__all__ = ["Preprocessing", "preprocessings"]
