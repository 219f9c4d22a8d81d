"""When an update is made of fused kernels: where they are asked for, can be used, and have shown that they are right.

The first time that a shape is trained, two small steps are made both ways; kernels that cannot be compiled, or that
differ, are not used for it, with one warning.
"""

import copy
import warnings
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from goldilocks.engine.kernels.choice import fused_kernels
from goldilocks.engine.networks.base import HiddenLayer
from goldilocks.engine.networks.classifier import Classifier
from goldilocks.engine.networks.connection import DENSE
from goldilocks.engine.networks.mlp import Mlp
from goldilocks.engine.normalizations.batch import BatchNorm
from goldilocks.engine.training.fused_step import FusedStep
from goldilocks.engine.training.update_size import UpdateSize

if TYPE_CHECKING:
    from goldilocks.engine.training.trainer import Trainer

# The check: so many configurations, layers and steps; the largest difference, relative to the norm of a change.
CONFIGS, LAYERS, STEPS, TOLERANCE, LR = 2, 2, 2, 1e-3, 0.05
# Where theory has a gradient of zero, rounding is all there is: what is compared is at least so large per entry of a
# change, in units of the rate; and Adam, which makes the smallest gradient as large as any, gets a larger eps.
LEAST, EPS = 1e-3, 1e-3
_known: dict[object, bool] = {}


def fused_step(trainer: "Trainer") -> FusedStep | None:
    """Return the fused update of a batch of classifiers, or None where it is not used.

    Args:
        trainer: the batch.
    """
    first, hidden = trainer.first, trainer.model.hidden
    if not isinstance(first.network, Mlp) or not all(map(_known_form, hidden)):
        return None
    units = max(layer.affine.weight.shape[2] for layer in hidden)
    weight = hidden[0].affine.weight
    kernels = fused_kernels(weight, first.batch_size, units, first.activation.name, first.optimizer.name)
    if kernels is None:
        return None
    step = FusedStep(kernels, first.optimizer)
    schemes = (first.activation, first.norm, first.optimizer, first.batch_size, first.dataset.classes)
    key = (trainer.device, *schemes, first.features, first.width, min(first.depth, LAYERS))
    if key not in _known:
        _known[key] = _is_right(step, trainer)
    return step if _known[key] else None


def _known_form(layer: HiddenLayer) -> bool:
    """Tell whether a layer is affine map, no normalization or batch norm, activation, and nothing else."""
    affine, scale = layer.affine, layer.scale
    if affine.connection != DENSE or layer.branch is not None:
        return False
    if layer.norm.absent:
        return scale is None
    return isinstance(layer.norm, BatchNorm) and affine.bias is None and scale is not None and scale.beta is not None


def _is_right(step: FusedStep, trainer: "Trainer") -> bool:
    try:
        difference = _difference(step, trainer)
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
    else:
        if difference < TOLERANCE:
            return True
        reason = f"they differ from the plain formulas by {difference:.1e} of an update; {TOLERANCE:.0e} is allowed"
    warnings.warn(f"Fused kernels are not used here ({reason}): slower ones are", stacklevel=4)
    return False


def _difference(step: FusedStep, trainer: "Trainer") -> float:
    """Return the largest difference between updates that are made both ways, relative to the update's norm."""
    model = _classifier(trainer)
    ours, plain = _changes(_probe(trainer, model, step), model), _changes(_probe(trainer, model, None), model)
    found = [_relative(mine.double(), true.double()) for mine, true in zip(ours, plain, strict=True)]
    worst = torch.stack(found).max().item()
    # Every comparison with NaN fails.
    return worst if worst == worst else torch.inf


def _changes(probe: "Trainer", start: Classifier) -> list[Tensor]:
    """Make the steps of the check, and return their losses, their sizes and the change of every tensor."""
    size = UpdateSize()
    losses = [probe.step(made, size).value for made in range(STEPS)]
    changes = [now - old for now, old in zip(_changing(probe.model), _changing(start), strict=True)]
    return [*losses, *size.norms().values(), *changes]


def _relative(mine: Tensor, true: Tensor) -> Tensor:
    size = torch.linalg.vector_norm(true) + LEAST * LR * true.numel() ** 0.5
    return torch.linalg.vector_norm(mine - true) / size


def _changing(model: Classifier) -> list[Tensor]:
    running = [layer.running for layer in model.hidden if layer.running is not None]
    return [*model.tensors(), *(tensor for each in running for tensor in (each.mean, each.variance))]


def _classifier(trainer: "Trainer") -> Classifier:
    """Return the lowest layers of a few configurations, with well-conditioned weights, so that only errors show."""
    few = trainer.model.select(slice(0, CONFIGS))
    model = copy.deepcopy(Classifier(few.hidden[:LAYERS], few.readout))
    generator = torch.Generator().manual_seed(0)

    def draws(tensor: Tensor) -> Tensor:
        return torch.randn(tensor.shape, generator=generator).to(tensor.device)

    for tensor in model.tensors():
        # A weight matrix keeps the signal's size; biases, γ and β are moved from where they start.
        tensor.copy_(draws(tensor) / tensor.shape[1] ** 0.5 if tensor.shape[1] > 1 else 1 + 0.1 * draws(tensor))
    return model


def _probe(trainer: "Trainer", model: Classifier, step: FusedStep | None) -> "Trainer":
    probe = copy.copy(trainer)
    eps = {"eps": EPS} if "eps" in type(trainer.optimizer).model_fields else {}
    probe.optimizer = trainer.optimizer.model_copy(update=eps)
    probe.fused, probe.model = step and FusedStep(step.kernels, probe.optimizer), copy.deepcopy(model)
    probe.drawn, probe.lr = trainer.drawn[:CONFIGS], torch.full_like(trainer.lr[:CONFIGS], LR)
    probe.state = [[torch.zeros_like(p) for _ in range(trainer.optimizer.slots)] for p in probe.model.tensors()]
    return probe
