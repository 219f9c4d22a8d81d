"""How measured columns are named on an axis: declared here once, carried to the dashboard in the table `metrics`.

The meaning of a metric is the comment of its column, hence not repeated here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Metric:
    """The name, axis title, unit (1 for a pure number) and good direction of a measured column."""

    name: str
    label: str
    unit: str = "1"
    better: Literal["higher", "lower"] | None = None


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
    Metric("train_loss", "Training loss", "nat", "lower"),
    Metric("train_accuracy", "Training accuracy", better="higher"),
    Metric("test_loss", "Test loss", "nat", "lower"),
    Metric("test_accuracy", "Test accuracy", better="higher"),
    Metric("grad_norm", "Gradient norm"),
    Metric("update_ratio", "Update norm / weight norm"),
    Metric("final_train_loss", "Final training loss", "nat", "lower"),
    Metric("final_train_accuracy", "Final training accuracy", better="higher"),
    Metric("final_test_accuracy", "Final test accuracy", better="higher"),
    Metric("best_test_accuracy", "Best test accuracy", better="higher"),
    Metric("steps_to_90", "Steps to test accuracy 0.90", "step", "lower"),
    Metric("diverged_at_step", "Steps before divergence", "step", "higher"),
    Metric("forward_rate", "Forward signal rate per layer"),
    Metric("backward_rate", "Backward signal rate per layer"),
    Metric("seconds", "Computing time", "s", "lower"),
)
