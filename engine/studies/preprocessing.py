"""What preprocessing does to a linear classifier: the shape of its loss, and how easily it is disturbed and found."""

from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np
import torch
from pydantic import Field

from goldilocks.engine import randomness
from goldilocks.engine.activations.linear import Linear
from goldilocks.engine.card import Card
from goldilocks.engine.cell import BATCHED, ActivationAxis, Cell, InitAxis, PreprocessingAxis, Steps
from goldilocks.engine.cores import Progress
from goldilocks.engine.cost import DOUBLE_BYTES, Cost
from goldilocks.engine.data.base import Split, prepared
from goldilocks.engine.initializers.zeros import Zeros
from goldilocks.engine.measurements import Measurements
from goldilocks.engine.networks.mlp import Mlp
from goldilocks.engine.quantity import Quantity
from goldilocks.engine.studies.base import Outcome, Study, studies
from goldilocks.engine.training.linear_classifier import LinearClassifier, Spectrum

# Norm of a change of the weights divided by their norm.
SIZES = np.array([0.0, 0.01, 0.03, 0.1, 0.3, 1.0])
# The range that is stored beside a mean over directions holds 95 % of them.
RANGE = {"low": 0.025, "high": 0.975}
# Copies of the examples that live at once.
COPIES = 4
OF_LOSS = "½ E‖xW + b − y‖² over the training split, y the one-hot label"
OVER_DIRECTIONS = "mean over random directions; low and high hold 95 % of them"


class PreprocessingCell(Cell):
    """A linear classifier on a preprocessed data set, trained on the whole training split at once.

    It has no hidden layer; depth, width and batch_size are 0.
    """

    study = "preprocessing"

    preprocessing: PreprocessingAxis
    init: Annotated[InitAxis, BATCHED] = Zeros()
    activation: ActivationAxis = Linear()
    depth: Annotated[int, Field(strict=True, ge=0, le=0)] = 0
    width: Annotated[int, Field(strict=True, ge=0, le=0)] = 0
    batch_size: Annotated[int, Field(strict=True, ge=0, le=0)] = 0
    steps: Steps = 100
    directions: Annotated[int, Field(strict=True, ge=2, le=100_000)] = 40


def _is_not_linear(cell: PreprocessingCell) -> str | None:
    if not cell.dataset.classes:
        return f"dataset = {cell.dataset}: it has no labels"
    for key, only in (("network", Mlp()), ("init", Zeros()), ("activation", Linear())):
        if getattr(cell, key) != only:
            return f"{key} = {getattr(cell, key)}: a linear classifier has {key} = {only}; leave {key} out"
    return None if cell.norm.absent else f"norm = {cell.norm}: a linear classifier has none; leave norm out"


PreprocessingCell.rules = (_is_not_linear,)


@studies.register
class PreprocessingStudy(Study[PreprocessingCell]):
    """Condition number, sensitivity and convergence of a linear classifier."""

    name = "preprocessing"
    cell = PreprocessingCell
    typical_share = 0.1
    card = Card(
        "Preprocessing",
        "loss ½ E‖xW + b − y‖², Hessian E[x̃ᵀx̃] with x̃ = (x, 1), κ = λ₁/λₙ on its span",
        "CS231n 2021, lecture 7; LeCun, Bottou, Orr & Müller 1998",
        notes="The classifier that minimizes the loss is the same function of the raw inputs in every pipeline: only "
        "the way its weights are written differs. The Hessian of softmax regression at W = 0 has the same κ.",
    )
    quantities = (
        Quantity("covariance_spectrum", "Variance", "variance of the inputs along a principal axis", position="Axis"),
        Quantity(
            "hessian_spectrum",
            "Curvature",
            f"eigenvalue of the Hessian of the loss {OF_LOSS}; those on its span",
            position="Axis",
        ),
        Quantity(
            "condition_number",
            "Condition number",
            "largest divided by smallest eigenvalue of the Hessian, on its span",
            better="lower",
        ),
        Quantity(
            "perturbed_loss",
            "Loss after a change of W",
            f"{OF_LOSS}, after W was changed from its best value along a random direction; {OVER_DIRECTIONS}",
            better="lower",
            position="Norm of the change / norm of W",
        ),
        Quantity(
            "perturbed_accuracy",
            "Accuracy after a change of W",
            f"share of correct predictions on the training split, likewise; {OVER_DIRECTIONS}",
            better="higher",
            position="Norm of the change / norm of W",
        ),
        Quantity(
            "excess_loss",
            "Excess of the loss / excess at the start",
            "loss minus its minimum, during gradient descent from zero on the whole training split; part is the rate",
            better="lower",
            position="Step",
        ),
        Quantity(
            "scatter_x", "First input", "first input of a training example; part is its class", position="Example"
        ),
        Quantity("scatter_y", "Second input", "second input, likewise", position="Example"),
    )

    def group_key(self, cell: PreprocessingCell) -> tuple[Any, ...]:
        return cell.static

    def cost(self, cells: Sequence[PreprocessingCell], device: torch.device) -> Cost:
        first = cells[0]
        examples, inputs, classes = first.dataset.train_size, first.features + 1, first.dataset.classes
        gram = 2.0 * examples * inputs**2
        descent = 2 * 2.0 * first.steps * inputs**2 * classes
        directions = 2.0 * first.directions * examples * inputs * classes
        held = COPIES * (examples + inputs) * inputs + first.directions * inputs * classes
        return Cost(len(cells) * (3 * gram + 2 * descent + directions), DOUBLE_BYTES * held)

    def run(self, cells: Sequence[PreprocessingCell], device: torch.device, progress: Progress) -> Outcome:
        # In float64 on the CPU: condition numbers go beyond what float32 can tell from rounding noise.
        first, measured = cells[0], Measurements()
        split = prepared(first.dataset, first.preprocessing)
        classifier = LinearClassifier(split.train_x.astype(np.float64), split.train_y, first.dataset.classes)
        for done, cell in enumerate(cells, 1):
            _measure_shape(cell, classifier, measured)
            _measure_descent(cell, classifier, measured)
            _measure_sensitivity(cell, classifier, measured)
            if cell.dataset.features == 2:
                _keep_scatter(cell, split, measured)
            progress(done / len(cells))
        return Outcome([cell.cell_id for cell in cells], {"measurements": measured.table()})


def _measure_shape(cell: PreprocessingCell, classifier: LinearClassifier, measured: Measurements) -> None:
    covariance = Spectrum.of(np.cov(classifier.x, rowvar=False, ddof=0))
    for name, spectrum in (("covariance_spectrum", covariance), ("hessian_spectrum", classifier.spectrum)):
        for axis, value in enumerate(spectrum.values, 1):
            measured.add(cell.cell_id, name, value, axis)
    measured.add(cell.cell_id, "condition_number", classifier.spectrum.condition_number)


def _measure_descent(cell: PreprocessingCell, classifier: LinearClassifier, measured: Measurements) -> None:
    largest, smallest = classifier.spectrum.values[[0, -1]]
    rates = {"rate 1/largest curvature": 1 / largest, "rate 2/(largest + smallest)": 2 / (largest + smallest)}
    for part, rate in rates.items():
        for step, excess in enumerate(classifier.descend(rate, cell.steps)):
            measured.add(cell.cell_id, "excess_loss", excess, step, part)


def _measure_sensitivity(cell: PreprocessingCell, classifier: LinearClassifier, measured: Measurements) -> None:
    shape = (cell.directions, cell.features, cell.dataset.classes)
    directions = randomness.standard_normal(("perturbation", cell.seed, shape), shape)
    loss, accuracy = classifier.perturbed(directions.astype(np.float64), SIZES)
    for name, values in (("perturbed_loss", loss), ("perturbed_accuracy", accuracy)):
        for size, over_directions in zip(SIZES, values, strict=True):
            measured.add(cell.cell_id, name, over_directions.mean(), size, "mean")
            for part, share in RANGE.items():
                measured.add(cell.cell_id, name, float(np.quantile(over_directions, share)), size, part)


def _keep_scatter(cell: PreprocessingCell, split: Split, measured: Measurements) -> None:
    for example, (point, label) in enumerate(zip(split.train_x, split.train_y, strict=True)):
        for name, value in zip(("scatter_x", "scatter_y"), point, strict=True):
            measured.add(cell.cell_id, name, value, example, f"class {label}")
