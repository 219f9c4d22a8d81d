"""A copy of the network in which it can be measured, and a world in which nothing is left behind."""

import copy
import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import nn

from goldilocks.engine.diagnosis.specimen import Specimen
from goldilocks.engine.errors import RequestError

# Seed of every pass, so that all configurations draw the same where the network draws.
PASS_SEED = 0


@contextmanager
def untouched_randomness(seed: int | None = None) -> Iterator[None]:
    """Give every global generator its state back at the end: PyTorch's on all devices, NumPy's and Python's.

    Args:
        seed: what they begin with, or None for what they have.
    """
    numpy_state, python_state = np.random.get_state(), random.getstate()  # noqa: NPY002
    devices = list(range(torch.cuda.device_count())) if torch.cuda.is_available() else []
    try:
        with torch.random.fork_rng(devices=devices):
            if seed is not None:
                torch.manual_seed(seed)
                np.random.seed(seed % 2**32)  # noqa: NPY002
                random.seed(seed)
            yield
    finally:
        np.random.set_state(numpy_state)  # noqa: NPY002
        random.setstate(python_state)


def made(specimen: Specimen, seed: int) -> nn.Module:
    """Return a network of its own, as the factory makes it under a seed.

    Args:
        specimen: whose factory.
        seed: of the global generators.

    Raises:
        RequestError: it cannot be copied.
    """
    with untouched_randomness(seed):
        model = specimen.make()
        try:
            # A factory may well return the same module each time.
            return copy.deepcopy(model)
        except Exception as error:
            raise RequestError(
                f"the network cannot be copied: {type(error).__name__}: {error}. copy.deepcopy must work on what the "
                "factory returns"
            ) from None


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
    dropping = "drop" in type(module).__name__.lower()
    if dropping:
        module.training = False
    for key, value in vars(module).items():
        # Attention asks the module that it would have called for its rate.
        if ("drop" in key.lower() or (dropping and key == "p")) and isinstance(value, float):
            setattr(module, key, 0.0)


@contextmanager
def usual_random_state() -> Iterator[None]:
    """Begin every pass with the same random state, and leave none behind."""
    with untouched_randomness(PASS_SEED):
        yield
