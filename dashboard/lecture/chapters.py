"""All rows of the lecture in order, in chapters."""

from goldilocks.dashboard.lecture import signal_rows, study_rows, training_rows
from goldilocks.dashboard.lecture.row import Row

CHAPTERS: dict[str, tuple[Row, ...]] = {
    "Before the first step": (study_rows.PREPROCESSING, training_rows.SYMMETRY, training_rows.DEPTH),
    "Initialization": signal_rows.ROWS,
    "Batch norm": (
        study_rows.LAYER,
        training_rows.DEPTH_WITH_NORM,
        signal_rows.GRADIENT_FLOW,
        training_rows.RATES,
        training_rows.SCALES,
    ),
    "Batch norm's other side": (study_rows.REGULARIZATION, study_rows.FOLDING, study_rows.MODES),
    "Transfer learning": (study_rows.TRANSFER,),
}
