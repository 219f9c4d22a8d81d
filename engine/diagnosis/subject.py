"""What the cells of one diagnosis have in common: the network by its digests, the batch, the loss."""

import hashlib
import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from goldilocks.engine.cost import Cost
from goldilocks.engine.diagnosis.factory import HUGGING_FACE, Factory, tensors
from goldilocks.engine.diagnosis.flow import Flow
from goldilocks.engine.diagnosis.inputs import is_data_set
from goldilocks.engine.diagnosis.operations import tensors_in
from goldilocks.engine.diagnosis.source_code import SHOWN_DIGITS, SourceCode
from goldilocks.engine.diagnosis.specimen import Specimen
from goldilocks.engine.diagnosis.trace import Trace, trace
from goldilocks.engine.scheme import VERSION_DIGITS

if TYPE_CHECKING:
    from goldilocks.engine.diagnosis.examination import Examination

# A backward pass takes about twice as long as a forward pass.
PASSES = 3
# Two draws of a factory: what is the same in both is no draw.
SEEDS = (0, 1)
ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")
PLAIN = (bool, int, float, str, type(None))


@dataclass(frozen=True)
class Subject:
    """A network with what goes into it, ready to be measured cell by cell.

    Attributes:
        specimen: the network.
        axes: what its cells have in common: every axis but initialization and seed.
        cost: of one cell.
        packages: versions of the packages that its code comes from.
    """

    specimen: Specimen
    axes: dict[str, Any]
    cost: Cost
    packages: dict[str, str]

    @classmethod
    def of(cls, ready: "Examination", formats: Iterable[str] = ()) -> "Subject":
        """Take the digests of a network that is ready to be examined.

        Args:
            ready: the examination.
            formats: number formats that the network is meant to be trained in.
        """
        first, second = (ready.factory(seed) for seed in SEEDS)
        code = SourceCode.of([ready.factory.make, *(type(part) for part in first.modules())])
        found = trace(ready.specimen)
        axes = {
            "structure": _structure(first),
            "source": _with_configuration(code.digest, ready.factory.name),
            "weights": _fixed(first, second),
            "dataset": ready.origin,
            "preprocessing": "standardize" if is_data_set(ready.origin) else "raw",
            "inputs": _content(ready.specimen) if ready.given_as_data else _digest([ready.origin.encode()]),
            "batch_size": found.examples,
            "classes": ready.specimen.classes or 0,
            "loss": _loss(ready.specimen),
            "formats": ",".join(sorted(formats)),
            **_layers(found),
        }
        whole = _digest([json.dumps(axes, sort_keys=True).encode()])
        axes["network"] = f"{_name(ready.factory)}@{whole[:VERSION_DIGITS]}"
        return cls(ready.specimen, axes, _cost(found, first), code.packages)


def _name(factory: Factory) -> str:
    return factory.name if ":" in factory.name else qualified(factory.make)


def qualified(function: Callable[..., Any]) -> str:
    """Return the name of a function with that of its module, such as `package.module:function`."""
    named = function if hasattr(function, "__qualname__") else type(function)
    return f"{named.__module__}:{named.__qualname__}"


def _digest(parts: Iterable[bytes]) -> str:
    whole = hashlib.sha256()
    for part in parts:
        whole.update(hashlib.sha256(part).digest())
    return whole.hexdigest()[:SHOWN_DIGITS]


def _structure(module: nn.Module) -> str:
    """Return the digest of the modules with their settings, and of the shapes and types of all tensors."""
    lines = []
    for name, part in module.named_modules():
        settings = {key: value for key, value in vars(part).items() if key[0] != "_" and _is_plain(value)}
        lines.append(f"{name} {type(part).__qualname__} {part.extra_repr()} {json.dumps(settings, sort_keys=True)}")
    lines += [f"{name} {list(one.shape)} {one.dtype} {one.requires_grad}" for name, one in tensors(module)]
    return _digest(ADDRESS.sub("", line).encode() for line in lines)


def _is_plain(value: Any) -> bool:
    return isinstance(value, PLAIN) or (isinstance(value, tuple | list) and all(map(_is_plain, value)))


def _with_configuration(digest: str, name: str) -> str:
    """Return the digest of a source, of a file of Hugging Face's with its content."""
    if not name.startswith(HUGGING_FACE):
        return digest
    from goldilocks.engine.diagnosis.hugging_face import configuration_file

    return _digest([digest.encode(), configuration_file(name.removeprefix(HUGGING_FACE)).read_bytes()])


def _fixed(first: nn.Module, second: nn.Module) -> str:
    """Return the digest of the tensors that are no draws, such as those of a checkpoint."""
    others = dict(tensors(second))
    fixed = {name: one for name, one in tensors(first) if name in others and torch.equal(one, others[name])}
    return _digest(part for name, one in fixed.items() for part in (name.encode(), _bytes(one)))


def _bytes(tensor: Tensor) -> bytes:
    return tensor.detach().to_dense().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes()


def _content(specimen: Specimen) -> str:
    given = [*tensors_in((specimen.args, dict(specimen.kwargs))), *tensors_in(specimen.target)]
    return _digest(part for one in given for part in (f"{list(one.shape)} {one.dtype}".encode(), _bytes(one)))


def _loss(specimen: Specimen) -> str:
    if specimen.loss is not None:
        return f"{qualified(specimen.loss)} {SourceCode.of([specimen.loss]).digest}"
    return "cross_entropy" if specimen.classes else "usual"


def _layers(found: Trace) -> dict[str, Any]:
    """Return what the other studies call activation, norm, depth and width."""
    layers = Flow(found.sites).layers
    norms = [site.operation.removesuffix("_norm") for site in found.sites if site.kind == "normalization"]
    activations = [site.activation or site.operation for site in found.sites if site.kind == "activation"]
    return {
        "activation": "+".join(dict.fromkeys(activations)) or "linear",
        "norm": "+".join(dict.fromkeys(norms)) or "none",
        "depth": len(layers),
        "width": max((one.output.shape[one.output.unit_axis] for one in layers), default=0),
    }


def _cost(found: Trace, module: nn.Module) -> Cost:
    weighted = [site for site in found.sites if site.fan_in and site.kind != "embedding"]
    flops = sum(2.0 * (site.fan_in or 0) * prod(site.shape) for site in weighted)
    weights = sum(one.numel() * one.element_size() for one in module.parameters())
    return Cost(PASSES * flops, PASSES * weights + found.saved_bytes + found.site_bytes)
