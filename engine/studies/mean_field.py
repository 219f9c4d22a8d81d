"""Order and chaos: the plane of weight and bias variance in theory, and simulated networks at chosen points of it."""

from collections.abc import Sequence
from typing import Any

import torch

from goldilocks.engine.card import Card
from goldilocks.engine.cell import BatchSize, Cell, DatasetAxis, Depth, PreprocessingAxis, Truth, Width
from goldilocks.engine.cores import Progress
from goldilocks.engine.cost import DOUBLE_BYTES, Cost
from goldilocks.engine.data.gaussian import Gaussian
from goldilocks.engine.initializers import Fans
from goldilocks.engine.measurements import Measurements
from goldilocks.engine.networks.mlp import Mlp
from goldilocks.engine.preprocessings.raw import Raw
from goldilocks.engine.quantity import Quantity
from goldilocks.engine.signal.correlated_inputs import Simulated, simulate
from goldilocks.engine.studies.base import Outcome, Study, studies
from goldilocks.engine.theory.fixed_points import first_variance
from goldilocks.engine.theory.plane import Point, plane

# What one point of the plane takes in theory, in floating-point operations.
THEORY_FLOPS = 5e7
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
    simulate: Truth = False

    @property
    def eps(self) -> float | None:
        """What the normalization adds to the variance; None without normalization."""
        return None if self.norm.absent else self.norm.variance_offset

    @property
    def weight_variance(self) -> float:
        """σw²."""
        return self.width * self.init.scale(Fans(self.width, self.width), self.activation) ** 2

    @property
    def bias_variance(self) -> float:
        """σb²."""
        return self.init.bias_scale(Fans(self.width, self.width), self.activation) ** 2


def _has_no_plane(cell: MeanFieldCell) -> str | None:
    if not (cell.init.centred and cell.init.family in ("normal", "uniform", "truncated")):
        return f"init = {cell.init}: mean-field theory is one of independent weights, such as those of mean_field"
    sphere = cell.norm.sphere(cell.batch_size, cell.width)
    if not cell.norm.absent and (sphere is None or sphere.over_batch):
        return (
            f"norm = {cell.norm}: the plane is one of pairs of inputs, and in such a layer what becomes of two of "
            "them depends on the rest of the batch, or is not known; see the study deep_bn"
        )
    if cell.network != Mlp() or cell.dataset.train_size:
        return "the plane is one of the network mlp on Gaussian inputs"
    if cell.simulate and (cell.batch_size < 4 or cell.depth < 4):
        return "simulated networks need two pairs of inputs, batch_size = 4, and four layers, depth = 4, or more"
    return None


MeanFieldCell.rules = (_has_no_plane, *Cell.rules)


@studies.register
class MeanField(Study[MeanFieldCell]):
    """The plane of order and chaos."""

    name = "mean_field"
    cell = MeanFieldCell
    typical_share = 0.3
    layer_calls = 860
    quantities = (
        Quantity("weight_variance", "Weight variance σw²", "Variance of the weights times fan-in."),
        Quantity("bias_variance", "Bias variance σb²", "Variance of the biases."),
        Quantity(
            "q_first", "First variance q₁", "Variance of the pre-activations of layer 1, for N(0,1) inputs.",
            decides=False,
        ),
        Quantity(
            "q_star", "Fixed point q*", "Variance of the pre-activations, before any normalization, that the layers "
            "approach from q₁; 0 where the signal dies out, infinite where it grows without bound.", decides=False,
        ),
        Quantity(
            "alpha", "Slope α of the length map", "Factor on a small deviation from q*, per layer: σw² V′(q*); close "
            "to 0 behind a normalization.", decides=False,
        ),
        Quantity(
            "fixed_point", "Fixed points of q", "Every variance that the length map leaves as it is, in ascending "
            "order, infinity where it grows without bound; part: what becomes of small deviations.", position="Number",
            decides=False,
        ),
        Quantity(
            "fixed_point_alpha", "Slope α at the fixed points", "Factor on a small deviation from each fixed point, "
            "per layer; part as in fixed_point.", position="Number", decides=False,
        ),
        Quantity("chi", "χ₁", "Factor on the squared gradient per layer; above 1 chaos, below 1 order.", decides=False),
        Quantity(
            "depth_q", "Depth scale ξ_q", "Layers over which a deviation from q* falls by a factor e.", "layer",
            decides=False,
        ),
        Quantity(
            "depth_c", "Depth scale ξ_c", "Layers over which the distance of the correlation of two inputs from c* "
            "falls by a factor e; infinite on the edge of chaos, absent where there is no c*.", "layer", decides=False,
        ),
        Quantity(
            "c_star", "Fixed point c*", "Correlation between two inputs that the layers approach; absent where q* is 0 "
            "or infinite, and where layers keep every correlation, as linear ones without biases do.", decides=False,
        ),
        Quantity("length", "Variance of pre-activations q", "Mean square of the pre-activations.", position="Layer"),
        Quantity(
            "correlation", "Correlation of two inputs c", "Correlation of pre-activations, mean over pairs of inputs.",
            position="Layer", decides=False,
        ),
    )  # fmt: skip
    card = Card(
        "Order and chaos",
        "q* = σw² V(q*) + σb²; χ₁ = σw² D(q*); ξ_q = −1/ln|σw² V'(q*)|; ξ_c = −1/ln χ(c*). "
        "With layer, rms or group norm q* = σw² V(1) + σb² and χ₁ = σw² D(1)/q*, up to eps",
        "Poole et al. 2016; Schoenholz et al. 2017",
        notes="Theory for every point and, with simulate = true, measurements on networks of this width and depth. "
        "The length map may have several fixed points: q* is the one that networks with N(0,1) inputs approach, from "
        "q₁ = σw² + σb²; fixed_point lists all of them. Where q* is 0 there is no ξ_c: as the pre-activations shrink, "
        "a smooth activation becomes linear and keeps correlations, and those of ReLU approach 1 algebraically. For "
        "homogeneous activations at χ₁ = 1 every q is a fixed point. A normalization of each example over many units "
        "keeps correlations of pre-activations and fixes their variance, whether it centres or not: c goes as in the "
        "plain network with σw²/q* and σb²/q*. There is no such map for batch normalization, where what becomes of two "
        "inputs depends on the rest of the batch. In chaos the measured ξ_c of one network scatters by a factor of two "
        "and more: average several seeds.",
    )

    def group_key(self, cell: MeanFieldCell) -> tuple[Any, ...]:
        return (*cell.static, cell.seed)

    def cost(self, cells: Sequence[MeanFieldCell], device: torch.device) -> Cost:
        first = cells[0]
        flops, needed = THEORY_FLOPS * len(cells), 0.0
        if first.simulate:
            rows = len(cells) * first.batch_size
            flops += 4.0 * rows * first.depth * first.width**2
            needed = DOUBLE_BYTES * (
                rows * first.width * (first.depth + (6 if first.norm.absent else 10)) + 3 * first.width**2
            )
        return Cost(flops, needed)

    def run(self, cells: Sequence[MeanFieldCell], device: torch.device, progress: Progress) -> Outcome:
        measured, converging, first = Measurements(), [], cells[0]
        variances = [(cell.weight_variance, cell.bias_variance) for cell in cells]
        for cell, point in zip(cells, plane(first.activation, variances, first.eps), strict=True):
            converging.append(point.phase.c is not None)
            _note_theory(measured, cell, point)
        progress(0.5)
        networks = self._simulate(cells, device)
        for cell, network, converges in zip(cells, networks, converging, strict=False):
            # Without a c* there is nothing that correlations could come to.
            depth_c, c = (network.depth_c, network.c) if converges else (None, None)
            _note(measured, cell, MEASURED, {"q_star": network.q, "chi": network.chi, "depth_c": depth_c, "c_star": c})
            for layer, (q, unlike, alike) in enumerate(
                zip(network.lengths, network.unlike, network.alike, strict=True), 1
            ):
                measured.add(cell.cell_id, "length", q, layer, MEASURED)
                measured.add(cell.cell_id, "correlation", unlike, layer, f"{MEASURED}, unlike inputs")
                measured.add(cell.cell_id, "correlation", alike, layer, f"{MEASURED}, alike inputs")
        return Outcome([cell.cell_id for cell in cells], {"measurements": measured.table()})

    def _simulate(self, cells: Sequence[MeanFieldCell], device: torch.device) -> list[Simulated]:
        first, points = cells[0], [(cell.weight_variance, cell.bias_variance) for cell in cells]
        if not first.simulate:
            return []
        shape = (first.batch_size, first.depth, first.width)
        return simulate(points, first.activation, first.norm, shape, first.seed, device)


def _note_theory(measured: Measurements, cell: MeanFieldCell, at: Point) -> None:
    theory, weight_variance, bias_variance = at.phase, cell.weight_variance, cell.bias_variance
    measured.add(cell.cell_id, "weight_variance", weight_variance)
    measured.add(cell.cell_id, "bias_variance", bias_variance)
    measured.add(cell.cell_id, "q_first", first_variance(weight_variance, bias_variance))
    for number, point in enumerate(at.fixed_points, 1):
        measured.add(cell.cell_id, "fixed_point", point.q, number, point.stability)
        measured.add(cell.cell_id, "fixed_point_alpha", point.alpha, number, point.stability)
    values: dict[str, float | None] = {"q_star": theory.q, "alpha": theory.point.alpha, "chi": theory.chi}
    _note(measured, cell, THEORY, values | {"depth_q": theory.depth_q, "depth_c": theory.depth_c, "c_star": theory.c})


def _note(measured: Measurements, cell: MeanFieldCell, part: str, values: dict[str, float | None]) -> None:
    """Take in what exists: a quantity without a value has no row."""
    for quantity, value in values.items():
        if value is not None:
            measured.add(cell.cell_id, quantity, value, part=part)
