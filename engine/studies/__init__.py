"""Studies: what is done with a batch of cells. One file per study, with its axes; a new file is a new study."""

from goldilocks.engine.studies.base import Cost, Outcome, Quantity, Study, studies

__all__ = ["Cost", "Outcome", "Quantity", "Study", "studies"]
