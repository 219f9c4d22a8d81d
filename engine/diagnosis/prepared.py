"""A copy of the network in which it can be measured, and a world in which nothing is left behind."""

import copy
import re
from collections.abc import Iterator
from contextlib import contextmanager

from torch import Tensor, nn

from goldilocks.engine.diagnosis.generators import seeded
from goldilocks.engine.diagnosis.operations import tensors_in
from goldilocks.engine.diagnosis.specimen import Specimen
from goldilocks.engine.errors import RequestError, said

Layout = dict[str, tuple[int, ...]]
# Attributes that hold how much is dropped, such as `dropout`, `attn_pdrop`, `drop_path_rate`, `layerdrop`.
DROPOUT_RATE = re.compile(r"(^|_)(p?drop|dropout|drop_?path|layer_?drop)(_(p|prob|rate|ratio))?$")
# Classes that drop, such as `DropPath`, `StochasticDepth`, `SpatialDropout`, and not `Droplet` or `Raindrop`.
DROPPING = re.compile(r"(^d|D)rop($|[A-Z_\d]|out|path|connect|block)|StochasticDepth")
# Seed of every pass, so that all configurations draw the same where the network draws.
PASS_SEED = 0


def made(specimen: Specimen, seed: int) -> nn.Module:
    """Return a network of its own, as the factory makes it under a seed.

    Args:
        specimen: whose factory.
        seed: of the global generators.

    Raises:
        RequestError: the factory raises, or what it returns cannot be copied.
    """
    with seeded(seed):
        try:
            model = specimen.make()
        except RequestError:
            raise
        except (Exception, SystemExit) as error:
            raise RequestError(f"under seed {seed} the factory raises {said(error)}") from error
        try:
            # A factory may well return the same module each time.
            return copy.deepcopy(model, _computed(model))
        except Exception as error:
            raise RequestError(
                f"the network cannot be copied: {said(error)}. copy.deepcopy must work on what the factory returns"
            ) from error


def _computed(model: nn.Module) -> dict[int, Tensor]:
    """Return for the tensors that modules keep and that were computed from parameters what stands for them in a copy.

    Weight normalization of the older kind keeps its weight so, and computes it anew in each pass.
    """
    kept = [tensor for module in model.modules() for tensor in tensors_in(list(vars(module).values()))]
    return {id(tensor): tensor.detach().clone() for tensor in kept if not tensor.is_leaf}


def layout_of(model: nn.Module) -> Layout:
    """Return the shapes of the parameters and buffers of a network, by their names.

    Args:
        model: as its factory makes it.
    """
    return {name: tuple(tensor.shape) for name, tensor in (*model.named_parameters(), *model.named_buffers())}


def refuse_another(model: nn.Module, layout: Layout, seed: int) -> None:
    """Refuse a network that is another one than the traced one, and not the same with other numbers.

    Args:
        model: as its factory makes it under a seed.
        layout: of the traced one.
        seed: that seed.

    Raises:
        RequestError: a parameter or buffer is there in one of them only, or has another shape.
    """
    own = layout_of(model)
    for name in [*layout, *own]:
        if own.get(name) != layout.get(name):
            came, wanted = (
                f"the shape {list(one[name])}" if name in one else "no such tensor" for one in (own, layout)
            )
            raise RequestError(
                f"the factory makes another network under seed {seed}: {name} has {came} there and {wanted} in the "
                "first one. Its layers and their sizes must not depend on what it draws"
            )


def prepare(model: nn.Module, training: bool) -> None:
    """Make a copy ready for measurement: its mode, no dropout, norms without running statistics, gradients everywhere.

    Args:
        model: changed.
        training: whether norms work as in training.
    """
    model.train(training)
    for module in model.modules():
        if training and isinstance(module, nn.modules.batchnorm._NormBase) and module.track_running_stats:
            # Counting batches in place is what differentiation under vmap cannot do.
            module.track_running_stats = False
            module.running_mean = module.running_var = module.num_batches_tracked = None
        _without_dropout(module)
    for parameter in model.parameters():
        if parameter.is_floating_point():
            parameter.requires_grad_(True)
        parameter.grad = None


def _without_dropout(module: nn.Module) -> None:
    """Turn off what a module drops: the draws would only add noise, and attention draws others under vmap."""
    dropping = _is_dropout(module)
    if dropping:
        module.training = False
    for key, value in vars(module).items():
        # Attention asks the module that it would have called for its rate.
        if (DROPOUT_RATE.search(key) or (dropping and key == "p")) and isinstance(value, float) and 0 <= value <= 1:
            setattr(module, key, 0.0)


def _is_dropout(module: nn.Module) -> bool:
    """Tell whether a module does nothing but drop: PyTorch's dropout, or one of the network's own without parts."""
    if isinstance(module, nn.modules.dropout._DropoutNd):
        return True
    held = any(True for _ in (*module.children(), *module.parameters(), *module.buffers()))
    return not held and DROPPING.search(type(module).__name__) is not None


@contextmanager
def usual_random_state() -> Iterator[None]:
    """Begin every pass with the same random state, and leave none behind."""
    with seeded(PASS_SEED):
        yield
