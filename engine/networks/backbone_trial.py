"""A backbone tried out before anything starts: what the schemes of transfer would trip over is refused with a reason.

A module of the user's own may do anything. What transfer needs of it is little: that images go in, that what enters its
last `nn.Linear` comes out once that is taken away, and that gradients find their way back.
"""

import copy
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parameter import UninitializedTensorMixin  # type: ignore[attr-defined]

from goldilocks.engine.errors import RequestError

# Images of the trial: two, because batch norm in training mode has no variance of one.
IMAGES = 2
# Layers whose own parameters do not depend on a scheme; they begin anew by their own rule.
RESET = (nn.modules.batchnorm._NormBase, nn.GroupNorm, nn.LayerNorm, nn.RMSNorm, nn.PReLU)
DRAWN = (nn.Linear, nn.modules.conv._ConvNd)


def refuse_lazy(module: nn.Module) -> None:
    """Refuse a module with parameters that have no size yet.

    Raises:
        RequestError: it has some.
    """
    tensors = (*module.named_parameters(), *module.named_buffers())
    lazy = [name for name, tensor in tensors if isinstance(tensor, UninitializedTensorMixin)]
    if lazy:
        raise RequestError(
            f"{lazy[0]} is lazy: its size is unknown before the first batch. Let the factory pass one batch through "
            "the module before it returns it"
        )


def refuse_odd_state(module: nn.Module) -> None:
    """Refuse a module whose state is more than tensors: what it holds could not be told from what another holds.

    Raises:
        RequestError: it is.
    """
    for name, value in module.state_dict().items():
        if not isinstance(value, Tensor) or value.layout != torch.strided:
            kind = type(value).__name__ if not isinstance(value, Tensor) else f"{value.layout} tensor"
            raise RequestError(f"{name} in its state is a {kind}; a dense tensor is required")


def last_linear(module: nn.Module) -> tuple[str, nn.Linear]:
    """Return name and module of the last `nn.Linear`.

    Raises:
        RequestError: there is none.
    """
    linears = [(name, part) for name, part in module.named_modules() if isinstance(part, nn.Linear) and name]
    if not linears:
        raise RequestError("it has no nn.Linear that a new read-out could replace")
    return linears[-1]


def try_out(module: nn.Module, side: int) -> None:
    """Send images through a copy of a module, forward in both modes and backward.

    Args:
        module: with its last `nn.Linear`; not changed.
        side: rows, and columns, of the images that it takes.

    Raises:
        RequestError: something else than the features comes out, or no gradient comes back.
    """
    name, linear = last_linear(module)
    trial = copy.deepcopy(module)
    watch = _Watch()
    trial.set_submodule(name, watch)
    train_all(trial)
    images = torch.linspace(-1, 1, IMAGES * 3 * side * side).view(IMAGES, 3, side, side)
    for training in (False, True):
        watch.seen.clear()
        features = _forward(trial.train(training), images)
        mode = "training" if training else "evaluation"
        _refuse_other(features, watch.seen, name, linear.in_features, mode)
    trained = [parameter for parameter in trial.parameters() if parameter.requires_grad]
    if trained and not _gradients(features, trained):
        raise RequestError("no gradient reaches any of its parameters, so it cannot be trained")


def train_all(module: nn.Module) -> None:
    """Let every parameter of a module be trained, whatever its maker has frozen; integers cannot be."""
    for parameter in module.parameters():
        if parameter.is_floating_point():
            parameter.requires_grad_(True)


class _Watch(nn.Module):
    """Stands where the last `nn.Linear` stood and remembers what came."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[Tensor] = []

    def forward(self, x: Tensor) -> Tensor:
        self.seen.append(x)
        return x


def _forward(module: nn.Module, images: Tensor) -> Any:
    try:
        # Dropout draws from the global generator.
        with torch.random.fork_rng(devices=[]), torch.enable_grad():
            return module(images)
    except Exception as error:
        raise RequestError(
            f"it fails on images {list(images.shape)}: {type(error).__name__}: {error}. Their side is module.image_size"
        ) from None


def _refuse_other(features: Any, seen: list[Tensor], name: str, units: int, mode: str) -> None:
    """Refuse what is not the input of the last linear layer, one row per image."""
    where = f"in {mode} mode"
    if not isinstance(features, Tensor):
        raise RequestError(f"{where} it returns a {type(features).__name__}; a tensor [image, class] is required")
    if len(seen) != 1:
        calls = f"called {len(seen)} times per batch; once is required, as the read-out"
        raise RequestError(f"{where} its last nn.Linear, {name}, is {calls}")
    if features.shape != (IMAGES, units):
        raise RequestError(
            f"{where} it returns {list(features.shape)} in place of the {units} inputs of its last nn.Linear, {name}, "
            "one row per image: that layer is not its read-out"
        )
    if not torch.equal(features.nan_to_num(), seen[0].nan_to_num()):
        raise RequestError(
            f"{where} something follows its last nn.Linear, {name}, such as a softmax: return the output of that layer"
        )


def _gradients(features: Tensor, parameters: list[nn.Parameter]) -> bool:
    if not features.requires_grad:
        return False
    gradients = torch.autograd.grad(features.square().sum(), parameters, allow_unused=True)
    return any(gradient is not None for gradient in gradients)


def without_scheme(module: nn.Module) -> str | None:
    """Say which part of a module no scheme can give new weights, or return None."""
    for name, part in module.named_modules():
        own = [key for key, _ in part.named_parameters(recurse=False)]
        known = isinstance(part, RESET) or (isinstance(part, DRAWN) and "weight" in own)
        if (own and not known) or (isinstance(part, DRAWN) and not known):
            where = name or "the module itself"
            return f"{where} is a {type(part).__name__}, to which scratch cannot give new weights"
    return None
