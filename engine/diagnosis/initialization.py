"""Every registered scheme on any network, beside what its factory and PyTorch's layers give."""

from dataclasses import dataclass

import torch
from torch import nn

from goldilocks.engine.diagnosis.assignment import assign, assignments
from goldilocks.engine.diagnosis.calibration import calibrate
from goldilocks.engine.diagnosis.generators import seeded
from goldilocks.engine.diagnosis.prepared import made, prepare, refuse_another
from goldilocks.engine.diagnosis.recipe import AS_IS, DEFAULT, Recipe, recipe
from goldilocks.engine.diagnosis.specimen import Specimen
from goldilocks.engine.diagnosis.trace import Trace, trace


@dataclass
class Initialized:
    """A network with initial weights.

    Attributes:
        model: the network as its factory made it under the seed, with these weights.
        treated: names of the parameters that the initialization drew or set.
        factors: by which data-dependent schemes and modifiers multiplied weights, by name.
    """

    model: nn.Module
    treated: frozenset[str]
    factors: dict[str, float]


def initialized(specimen: Specimen, found: Trace, chosen: Recipe, seed: int) -> Initialized:
    """Return the network, initialized; what no rule treats is as the factory makes it under the seed.

    Args:
        specimen: the network; nothing is left behind in it.
        found: its trace.
        chosen: the initialization.
        seed: of the factory, and what the draws are named by.

    Raises:
        RequestError: under this seed the factory makes another network than the traced one.
    """
    model = made(specimen, seed)
    refuse_another(model, found.layout, seed)
    parameters = dict(model.named_parameters())
    factors: dict[str, float] = {}
    with torch.no_grad():
        if chosen.initializer is not None:
            treated = set()
            for assignment in assignments(found, chosen.initializer):
                assign(assignment, parameters, seed, chosen.initializer)
                treated.add(assignment.name)
            if chosen.initializer.data_dependent:
                factors |= _calibrated(specimen, found, model)
        elif chosen.base == DEFAULT:
            treated = _reset(model, seed)
        else:
            treated = set()
        for name, factor in branch_factors(found, chosen).items():
            parameters[name].mul_(factor)
            factors[name] = factors.get(name, 1.0) * factor
            treated.add(name)
    return Initialized(model, frozenset(treated), factors)


def branch_factors(found: Trace, chosen: Recipe) -> dict[str, float]:
    """Return by what the modifiers multiply the last layer of each residual branch.

    Args:
        found: the network's trace.
        chosen: the initialization.
    """
    last = list(dict.fromkeys(name for name in found.last if name is not None))
    factor = 1.0
    if "depth_scaled" in chosen.modifiers and last:
        factor = len(found.branches) ** -0.5
    if "zero_branch" in chosen.modifiers:
        factor = 0.0
    return dict.fromkeys(last, factor) if chosen.modifiers else {}


def _calibrated(specimen: Specimen, found: Trace, model: nn.Module) -> dict[str, float]:
    """Calibrate a model by a copy of it that is ready to be measured."""
    parameters = dict(model.named_parameters())
    other = made(Specimen(lambda: model), 0)
    prepare(other, specimen.training)
    factors = calibrate(other, found, specimen)
    for name, factor in factors.items():
        parameters[name].mul_(factor)
    return factors


def _reset(model: nn.Module, seed: int) -> set[str]:
    """Let every layer begin anew by its own rule, parts before what they are parts of, as they are made."""
    treated: set[str] = set()
    with seeded(seed):
        for name, module in reversed(list(model.named_modules())):
            reset = getattr(module, "reset_parameters", None) or getattr(module, "_reset_parameters", None)
            if callable(reset):
                reset()
                treated |= {f"{name}.{key}".lstrip(".") for key, _ in module.named_parameters(recurse=False)}
    return treated & {name for name, _ in model.named_parameters()}


def apply(specimen: Specimen, init: str, seed: int = 0) -> nn.Module:
    """Return a copy of the network, initialized.

    Args:
        specimen: the network; nothing is left behind in it.
        init: `as_is`, `default`, or a registered scheme with its parameters and modifiers.
        seed: of the factory, and what the draws are named by.

    Raises:
        RequestError: no such initialization, or it does not exist for an activation of the network.
    """
    chosen = recipe(init)
    if chosen.text == AS_IS:
        return made(specimen, seed)
    return initialized(specimen, trace(specimen), chosen, seed).model
