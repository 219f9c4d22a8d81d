"""Studies: what is done with a batch of cells. One file per study; a new file is a new study."""

from goldilocks.engine.quantity import Quantity
from goldilocks.engine.studies.base import Outcome, Study, studies

__all__ = ["Outcome", "Quantity", "Study", "studies"]
