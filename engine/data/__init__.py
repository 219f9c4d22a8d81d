"""Data sets, one per file, with a fixed split into training and test examples."""

from goldilocks.engine.data.base import Dataset, Split, datasets

__all__ = ["Dataset", "Split", "datasets"]
