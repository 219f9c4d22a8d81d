"""Studies: what is done with a batch of cells. One file per study; the store's tables are their output."""

from engine.studies.base import Cost, Study, studies

__all__ = ["Cost", "Study", "studies"]
