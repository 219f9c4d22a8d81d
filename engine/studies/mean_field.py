"""Order and chaos: the plane of weight and bias variance in theory, and simulated networks at chosen points of it."""

from collections.abc import Sequence
from typing import Any, Literal

import torch

from engine.card import Card
from engine.data.gaussian import Gaussian
from engine.grid.cell import BatchSize, Cell, DatasetAxis, Depth, PreprocessingAxis, Width
from engine.initializers import Fans
from engine.preprocessings.raw import Raw
from engine.studies.base import Cost, Outcome, Progress, Quantity, Study, studies
from engine.studies.correlated_inputs import Simulated, simulate
from engine.studies.measurements import Measurements
from engine.theory.criticality import phase

# What one point of the plane takes in theory, in floating-point operations.
THEORY_FLOPS = 1e9
FLOAT_BYTES = 8
# Parts of a cell that a quantity belongs to.
THEORY, MEASURED = "theory", "measured"


class MeanFieldCell(Cell):
    """A point of the plane, given by an initialization with independent weights."""

    study = "mean_field"

    dataset: DatasetAxis = Gaussian()
    preprocessing: PreprocessingAxis = Raw()
    depth: Depth = 60
    width: Width = 512
    batch_size: BatchSize = 64
    simulate: Literal["no", "yes"] = "no"

    def refusal(self) -> str | None:
        """Say why mean-field theory does not apply, or None."""
        if not (self.init.centred and self.init.family in ("normal", "uniform", "truncated")):
            return f"init = {self.init}: mean-field theory is one of independent weights, such as those of mean_field"
        if not self.norm.absent:
            return f"norm = {self.norm}: the plane is one of networks without normalization; see the study deep_bn"
        if self.network.name != "mlp" or self.dataset.train_size:
            return "the plane is one of the network mlp on Gaussian inputs"
        if self.simulate == "yes" and (self.batch_size < 4 or self.depth < 4):
            return "simulated networks need two pairs of inputs, batch_size = 4, and four layers, depth = 4, or more"
        return super().refusal()

    @property
    def weight_variance(self) -> float:
        """Return σw²."""
        return self.width * self.init.scale(Fans(self.width, self.width), self.activation) ** 2

    @property
    def bias_variance(self) -> float:
        """Return σb²."""
        return self.init.bias_scale(Fans(self.width, self.width), self.activation) ** 2


@studies.register
class MeanField(Study[MeanFieldCell]):
    """The plane of order and chaos."""

    name = "mean_field"
    cell = MeanFieldCell
    typical_share = 0.3
    layer_seconds = 2e-3
    quantities = (
        Quantity("weight_variance", "Weight variance σw²", "Variance of the weights times fan-in."),
        Quantity("bias_variance", "Bias variance σb²", "Variance of the biases."),
        Quantity("q_star", "Fixed point q*", "Variance of the pre-activations that the layers come to.", decides=False),
        Quantity("chi", "χ₁", "Factor on the squared gradient per layer; above 1 chaos, below 1 order.", decides=False),
        Quantity(
            "depth_q", "Depth scale ξ_q", "Layers over which a deviation from q* falls by e.", "layer", decides=False
        ),
        Quantity(
            "depth_c", "Depth scale ξ_c", "Layers over which the correlation of two inputs nears c* by e.", "layer",
            decides=False,
        ),
        Quantity("c_star", "Fixed point c*", "Correlation between two inputs that the layers come to.", decides=False),
        Quantity("length", "Variance of pre-activations q", "Mean square of the pre-activations.", position="Layer"),
        Quantity(
            "correlation", "Correlation of two inputs c", "Correlation of pre-activations, mean over pairs of inputs.",
            position="Layer", decides=False,
        ),
    )  # fmt: skip
    card = Card(
        "Order and chaos",
        "q* = σw² V(q*) + σb²; χ₁ = σw² D(q*); ξ_q = −1/ln|σw² V'(q*)|; ξ_c = −1/ln χ(c*)",
        "Poole et al. 2016; Schoenholz et al. 2017",
        notes="Theory for every point; with simulate = 'yes' beside it what networks of the given width and depth do.",
    )

    def group_key(self, cell: MeanFieldCell) -> tuple[Any, ...]:
        return (*cell.static, cell.seed)

    def cost(self, cells: Sequence[MeanFieldCell], device: torch.device) -> Cost:
        first = cells[0]
        flops, needed = THEORY_FLOPS * len(cells), 0.0
        if first.simulate == "yes":
            rows = len(cells) * first.batch_size
            flops += 4.0 * rows * first.depth * first.width**2
            needed = FLOAT_BYTES * (rows * first.width * (first.depth + 6) + 3 * first.width**2)
        return Cost(flops, needed)

    def run(self, cells: Sequence[MeanFieldCell], device: torch.device, progress: Progress) -> Outcome:
        measured = Measurements()
        for number, cell in enumerate(cells, 1):
            found = phase(cell.activation, cell.weight_variance, cell.bias_variance)
            measured.add(cell.cell_id, "weight_variance", cell.weight_variance)
            measured.add(cell.cell_id, "bias_variance", cell.bias_variance)
            measured.add(cell.cell_id, "depth_q", found.depth_q, part=THEORY)
            _note(measured, cell, THEORY, found.q, found.chi, found.depth_c, found.c)
            progress(0.5 * number / len(cells))
        networks = self._simulate(cells, device)
        for cell, network in zip(cells, networks, strict=False):
            _note(measured, cell, MEASURED, network.q, network.chi, network.depth_c, network.c)
            for layer, (q, unlike, alike) in enumerate(
                zip(network.lengths, network.unlike, network.alike, strict=True), 1
            ):
                measured.add(cell.cell_id, "length", q, layer, MEASURED)
                measured.add(cell.cell_id, "correlation", unlike, layer, f"{MEASURED}, unlike inputs")
                measured.add(cell.cell_id, "correlation", alike, layer, f"{MEASURED}, alike inputs")
        return Outcome([cell.cell_id for cell in cells], {"measurements": measured.table()})

    def _simulate(self, cells: Sequence[MeanFieldCell], device: torch.device) -> list[Simulated]:
        first, points = cells[0], [(cell.weight_variance, cell.bias_variance) for cell in cells]
        if first.simulate == "no":
            return []
        return simulate(points, first.activation, (first.batch_size, first.depth, first.width), first.seed, device)


def _note(
    measured: Measurements, cell: MeanFieldCell, part: str, q: float, chi: float, depth_c: float, c: float
) -> None:
    for quantity, value in {"q_star": q, "chi": chi, "depth_c": depth_c, "c_star": c}.items():
        measured.add(cell.cell_id, quantity, value, part=part)
