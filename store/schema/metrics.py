"""How measured columns are named on an axis: declared here once, carried to the dashboard in the table `metrics`.

The meaning of a metric is the comment of its column, hence not repeated here; one that named queries compute has no
column and says its meaning itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Metric:
    """A measured column.

    Attributes:
        name: of the column, also in the answers of named queries.
        label: axis title.
        unit: 1 for a pure number.
        better: which direction is better, or None when neither.
        meaning: definition; empty for the columns of tables and views, whose comment it is.
    """

    name: str
    label: str
    unit: str = "1"
    better: Literal["higher", "lower"] | None = None
    meaning: str = ""


METRICS = (
    Metric("sigma_w", "Weight std × √fan-in"),
    Metric("mean", "Mean of activations"),
    Metric("std", "Std of activations"),
    Metric("rms", "Root mean square of activations"),
    Metric("min", "Smallest activation"),
    Metric("max", "Largest activation"),
    Metric("frac_saturated", "Saturated share", better="lower"),
    Metric("frac_zero", "Share of exact zeros"),
    Metric("frac_dead_units", "Share of dead units", better="lower"),
    Metric("unit_std", "Std across units"),
    Metric("preact_std", "Std of pre-activations"),
    Metric("theory_std", "Std of activations, theory"),
    Metric("theory_std_band", "Scatter of the std, theory"),
    Metric("grad_rms", "Gradient rms"),
    Metric("weight_grad_rms", "Weight gradient rms"),
    Metric("theory_grad_rms", "Gradient rms, theory"),
    Metric("theory_grad_band", "Scatter of the gradient rms, theory"),
    Metric("theory_weight_grad_rms", "Weight gradient rms, theory"),
    Metric("train_loss", "Training loss", "nat", "lower"),
    Metric("train_accuracy", "Training accuracy", better="higher"),
    Metric("test_loss", "Test loss", "nat", "lower"),
    Metric("test_accuracy", "Test accuracy", better="higher"),
    Metric("grad_norm", "Gradient norm"),
    Metric("update_ratio", "Update norm / weight norm"),
    Metric("first_train_loss", "Training loss before the first update", "nat"),
    Metric("theory_first_loss", "Training loss before the first update, theory", "nat"),
    Metric("final_train_loss", "Training loss over the last interval", "nat", "lower"),
    Metric("final_train_accuracy", "Training accuracy over the last interval", better="higher"),
    Metric("final_test_accuracy", "Final test accuracy", better="higher"),
    Metric("best_test_accuracy", "Best test accuracy", better="higher"),
    Metric("steps_to_90", "Steps to test accuracy 0.90", "step", "lower"),
    Metric("diverged_at_step", "Steps before divergence", "step", "higher"),
    Metric("forward_rate", "Forward signal rate per layer"),
    Metric("backward_rate", "Backward signal rate per layer"),
    Metric("forward_factor", "Signal factor over the depth"),
    Metric("backward_factor", "Gradient factor over the depth"),
    Metric("seconds", "Computing time", "s", "lower"),
    Metric(
        "share_that_train",
        "Share of seeds that train",
        better="higher",
        meaning="Share of the seeds of a configuration that train; see outcomes.trains.",
    ),
    Metric(
        "gap",
        "Training minus test accuracy",
        better="lower",
        meaning="final_train_accuracy minus final_test_accuracy, mean over the seeds where both are finite.",
    ),
    Metric(
        "share_diverged",
        "Share of runs that diverged",
        better="lower",
        meaning="Share of the seeds of a configuration that reached a non-finite value.",
    ),
    Metric(
        "behind",
        "Behind the best, ln of the factors",
        better="lower",
        meaning="Mean difference of distance to that of the first initialization, seed by seed; see the query "
        "diagnosis_ranking.",
    ),
    Metric(
        "share_just_right",
        "Share of seeds just right",
        better="higher",
        meaning="Share of the seeds of a configuration whose verdict is just right.",
    ),
)
