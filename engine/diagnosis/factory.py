"""The user's network as a function that makes it: where it comes from, and why one cannot be used.

Only what a command or a call from Python names is imported; a name that a store or a grid holds never comes here.
"""

import importlib
import importlib.util
import inspect
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import nn

from goldilocks.engine import bytecode
from goldilocks.engine.diagnosis.generators import seeded
from goldilocks.engine.errors import RequestError, said, short
from goldilocks.engine.networks.backbone_trial import refuse_lazy
from goldilocks.store.nearest import nearest

HUGGING_FACE = "hf:"
FORMS = "write package.module:function, path/to/file.py:function or hf:config.json"
# What CUDA's absence is called by those who need it.
NEEDS_GPU = (
    "not compiled with CUDA",
    "No CUDA GPUs",
    "NVIDIA driver",
    "no CUDA-capable device",
    "CUDA is not available",
)


@dataclass(frozen=True)
class Factory:
    """A function that makes the network to be diagnosed.

    Attributes:
        name: what the command called it, or the function's own name.
        make: takes nothing, returns an `nn.Module`, and draws from the global generators alone.
    """

    name: str
    make: Callable[[], Any]

    def __call__(self, seed: int) -> nn.Module:
        """Make the network with a seed; the generators of the process stay as they are.

        Args:
            seed: of the global generators.

        Returns:
            The module, as the function left it.

        Raises:
            RequestError: the function raises, needs a GPU, or returns something that cannot be diagnosed.
        """
        self._refuse_arguments()
        with seeded(seed):
            try:
                module = self.make()
            except RequestError:
                raise
            except (Exception, SystemExit) as error:
                raise RequestError(self._failure(error)) from error
        self._refuse(module)
        return module

    def _refuse_arguments(self) -> None:
        """Refuse what cannot be called without arguments, as the class of most networks, before it is called."""
        try:
            parameters = inspect.signature(self.make).parameters.values()
        except (TypeError, ValueError):
            return
        optional = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
        wanted = [one.name for one in parameters if one.default is one.empty and one.kind not in optional]
        if wanted:
            called = f"{getattr(self.make, '__name__', 'it')}({', '.join(f'{name}=…' for name in wanted)})"
            raise RequestError(
                f"{self.name} cannot be called without {', '.join(wanted)}: write a function that takes nothing and "
                f"returns {called}, and name that one, as in my.py:make"
            )

    def refuse_irreproducible(self, module: nn.Module) -> None:
        """Refuse a function that makes another network from the same seed.

        Args:
            module: what it made with seed 0.

        Raises:
            RequestError: a tensor differs, or there are others.
        """
        again = self(0)
        first, second = (dict(tensors(made)) for made in (module, again))
        differing = first.keys() ^ second.keys() or [key for key in first if not _same(first[key], second[key])]
        if differing:
            raise RequestError(
                f"{self.name} is not reproducible: {sorted(differing)[0]} differs when it is called twice with the "
                "same seed. Draw from the global generators of torch, NumPy or Python, and from none of its own"
            )

    def _failure(self, error: BaseException) -> str:
        if any(sign in str(error) for sign in NEEDS_GPU):
            return f"{self.name} needs a GPU, and there is none: {said(error)}. Let it leave the module on the CPU"
        return f"{self.name} raises {said(error)}"

    def _refuse(self, module: Any) -> None:
        if not isinstance(module, nn.Module):
            kind = "None" if module is None else f"{short(type(module).__name__)}"
            raise RequestError(f"{self.name} returns {kind}; an nn.Module is required")
        for name, part in module.named_modules():
            where = name or "the module"
            if isinstance(part, torch.jit.ScriptModule):
                raise RequestError(f"{where} that {self.name} returns is scripted: return the module it was made from")
            if hasattr(part, "_orig_mod"):
                raise RequestError(f"{where} that {self.name} returns is compiled: return it without torch.compile")
        refuse_lazy(module)
        for name, tensor in tensors(module):
            if tensor.is_meta:
                raise RequestError(f"{name} lies on the meta device and has no values: make the module on the CPU")


def load_factory(text: str) -> Factory:
    """Return the factory that a command names; this imports code of the user's.

    Args:
        text: `package.module:function`, `path/to/file.py:function` or `hf:config.json`.

    Raises:
        RequestError: it has another form, cannot be imported, or is not a function.
    """
    if text.startswith(HUGGING_FACE):
        from goldilocks.engine.diagnosis.hugging_face import factory

        return Factory(text, factory(text.removeprefix(HUGGING_FACE)))
    return Factory(text, load_function(text))


def load_function(text: str) -> Callable[..., Any]:
    """Import a function of the user's.

    Args:
        text: `package.module:function` or `path/to/file.py:function`.

    Raises:
        RequestError: it has another form, cannot be imported, or is not a function.
    """
    place, colon, name = text.rpartition(":")
    if not (colon and place and name):
        raise RequestError(f"{short(text)} names no function; {FORMS}")
    module = _from_file(Path(place)) if place.endswith(".py") else _from_module(place)
    if not hasattr(module, name):
        functions = [key for key, value in vars(module).items() if callable(value) and not key.startswith("_")]
        raise RequestError(f"{place} has no {name!r}; {nearest(name, functions)}")
    function = getattr(module, name)
    if isinstance(function, nn.Module):
        raise RequestError(f"{text} is a module and not a function that makes one: put it into a function")
    if not callable(function):
        raise RequestError(f"{text} is a {type(function).__name__}; a function that takes nothing is required")
    return function


def _from_file(path: Path) -> ModuleType:
    if not path.is_file():
        raise RequestError(f"there is no file {str(path)!r}")
    # A name that nothing else has: the file may be called as a package is.
    name = f"diagnosed_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # Dataclasses look for their module there, and the file for what lies beside it.
    sys.modules[name] = module
    sys.path.insert(0, str(path.resolve().parent))
    try:
        with bytecode.none_kept():
            spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        sys.modules.pop(name, None)
        raise RequestError(f"{path} cannot be imported: {said(error)}") from error
    return module


def _from_module(name: str) -> ModuleType:
    # A console script does not look into the working directory.
    if "" not in sys.path and str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    try:
        return importlib.import_module(name)
    except (Exception, SystemExit) as error:
        raise RequestError(f"{name} cannot be imported: {said(error)}") from error


def tensors(module: nn.Module) -> Iterator[tuple[str, torch.Tensor]]:
    """Yield the names and values of all parameters and buffers."""
    yield from module.named_parameters()
    yield from module.named_buffers()


def _same(one: torch.Tensor, other: torch.Tensor) -> bool:
    if one.shape != other.shape or one.dtype != other.dtype:
        return False
    # Uninitialized memory may hold NaN, which equals nothing.
    return bool(torch.equal(one, other) or torch.allclose(one, other, rtol=0, atol=0, equal_nan=True))
