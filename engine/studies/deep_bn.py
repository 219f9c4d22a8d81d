"""How fast gradients grow backwards through very deep networks, with and without normalization, beside theory.

Batch normalization without skip connections makes gradients explode at any initialization, by a factor per layer that
depends on the activation and on the batch size alone.
"""

from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np
import pandas as pd
import torch

from goldilocks.engine.card import Card
from goldilocks.engine.cell import BATCHED, ActivationAxis, Cell, DatasetAxis, NormAxis, PreprocessingAxis
from goldilocks.engine.cores import Progress
from goldilocks.engine.cost import Cost
from goldilocks.engine.data.gaussian import Gaussian
from goldilocks.engine.measurements import Measurements
from goldilocks.engine.normalizations.none import NoNormalization
from goldilocks.engine.predictions.cells import declared_weight_std, described, predicted
from goldilocks.engine.preprocessings.raw import Raw
from goldilocks.engine.quantity import Quantity
from goldilocks.engine.signal.program import inputs
from goldilocks.engine.studies.base import Outcome, Study, studies
from goldilocks.engine.studies.propagation import Propagation, PropagationCell
from goldilocks.engine.theory.maps import length, mean, slope

MEASURED, THEORY, WIDE = "measured", "theory", "theory, large batch"


class DeepBnCell(Cell):
    """A deep untrained network on independent inputs."""

    study = "deep_bn"

    dataset: DatasetAxis = Gaussian()
    preprocessing: PreprocessingAxis = Raw()
    activation: Annotated[ActivationAxis, BATCHED]
    norm: Annotated[NormAxis, BATCHED] = NoNormalization()

    @property
    def twin(self) -> PropagationCell:
        """The same network as a cell of the propagation study."""
        return PropagationCell(**dict(self.fields()))


def _cannot_grow(cell: DeepBnCell) -> str | None:
    if cell.depth < 2:
        return f"depth = {cell.depth}: growth from layer to layer needs two layers or more"
    if cell.dataset.train_size:
        return f"dataset = {cell.dataset}: the theory is one of independent inputs; allowed: gaussian"
    return None


DeepBnCell.rules = (_cannot_grow, *Cell.rules)


@studies.register
class DeepBn(Study[DeepBnCell]):
    """Gradient growth against depth."""

    name = "deep_bn"
    cell = DeepBnCell
    parts = {
        MEASURED: Card("Measured", rank=30, colour="blue"),
        THEORY: Card("Mean-field theory", rank=40, colour="grey"),
    }
    quantities = (
        Quantity("growth", "Gradient growth per layer", "Geometric mean, over all layers, of the rms gradient at a "
                 "layer's output divided by that at the next layer's; 1 means preserved."),
        Quantity("gradient", "Gradient rms", "Root mean square of the gradient at a layer's output, for a unit "
                 "gradient on the last layer.", position="Layers below the last"),
    )  # fmt: skip
    layer_calls = 860
    card = Card(
        "Gradient growth in deep networks",
        "batch norm, large batch: √(E φ'²/Var φ) per layer; layer norm: √(E φ'²/E φ²); none: √χ",
        "Yang, Pennington, Rao, Sohl-Dickstein & Schoenholz 2019",
        notes="Compared with theory for the same batch size and, with batch norm, for a large batch, both at infinite "
        "width.",
    )

    def group_key(self, cell: DeepBnCell) -> tuple[Any, ...]:
        return Propagation().group_key(cell.twin)

    def cost(self, cells: Sequence[DeepBnCell], device: torch.device) -> Cost:
        return Propagation().cost([cell.twin for cell in cells], device)

    def run(self, cells: Sequence[DeepBnCell], device: torch.device, progress: Progress) -> Outcome:
        twins = [cell.twin for cell in cells]
        outcome = Propagation().run(twins, device, progress)
        layers = outcome.tables["layers"].to_pandas().sort_values("layer").groupby("cell_id")
        measured = Measurements()
        for cell, twin in zip(cells, twins, strict=True):
            rows = layers.get_group(twin.cell_id)
            gradients = {MEASURED: rows["grad_rms"], THEORY: pd.Series(_limit(twin) or rows["theory_grad_rms"])}
            for part, column in gradients.items():
                # From the last layer down; where there is no theory there are no rows.
                values = pd.to_numeric(column).to_numpy(np.float64, na_value=np.nan)[::-1]
                if part == MEASURED or not np.isnan(values).any():
                    _note(measured, cell, part, values)
            sphere = cell.norm.sphere(cell.batch_size, cell.width)
            if sphere and sphere.over_batch:
                measured.add(cell.cell_id, "growth", large_batch_growth(cell), part=WIDE)
        overflowed = [cell.cell_id for cell, gone in zip(cells, outcome.diverged, strict=True) if gone]
        return Outcome([cell.cell_id for cell in cells], {"measurements": measured.table()}, overflowed=overflowed)


def _limit(twin: PropagationCell) -> list[float | None] | None:
    """Return the rms gradient of each layer at infinite width, or None where weights depend on data."""
    if twin.init.data_dependent:
        return None
    layers = predicted(twin, declared_weight_std(twin), described(twin, inputs(twin)))
    return [None if layer is None else layer.limit_grad_rms for layer in layers]


def large_batch_growth(cell: DeepBnCell) -> float:
    """Return √(E φ'²/Var φ), the growth of the rms gradient per layer with batch norm over many examples."""
    activation = cell.activation
    return float((slope(activation, 1.0) / (length(activation, 1.0) - mean(activation, 1.0) ** 2)) ** 0.5)


def _note(measured: Measurements, cell: DeepBnCell, part: str, gradients: np.ndarray) -> None:
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        growth = (gradients[-1] / gradients[0]) ** (1 / (len(gradients) - 1))
    measured.add(cell.cell_id, "growth", growth, part=part)
    for below, gradient in enumerate(gradients):
        measured.add(cell.cell_id, "gradient", gradient, position=below, part=part)
