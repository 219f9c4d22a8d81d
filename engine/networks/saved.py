"""Trained classifiers on disk: one safetensors file per configuration, found by its content and verified when read."""

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from goldilocks.engine.networks.classifier import Classifier


class Unusable(ValueError):
    """A file does not hold what its name promises; the message says why."""


def save(path: Path, classifiers: Classifier, place: int, spec: str) -> None:
    """Write the parameters and running statistics of one classifier; a reader sees the whole file or none.

    Args:
        path: the file.
        classifiers: a batch of classifiers.
        place: which of them, along the config axis.
        spec: the text that says what it is: the canonical JSON of the cell that trained it.
    """
    tensors = {name: tensor[place].detach().cpu().contiguous() for name, tensor in named_tensors(classifiers)}
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_suffix(f".{os.getpid()}.part")
    try:
        save_file(tensors, aside, {"spec": spec, "sha256": digest(tensors)})
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def load(path: Path, classifiers: Classifier, place: int, spec: str) -> None:
    """Read parameters and running statistics into one classifier of a batch.

    Args:
        path: the file.
        classifiers: a batch of classifiers of the same shape.
        place: which of them is overwritten, along the config axis.
        spec: what the file must be about.

    Raises:
        FileNotFoundError: there is no such file.
        Unusable: it is damaged, about something else, or of another shape.
    """
    try:
        with safe_open(path, "pt") as file:
            metadata, tensors = file.metadata() or {}, {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except SafetensorError as error:
        raise Unusable(f"{path}: not a safetensors file: {error}") from None
    if metadata.get("spec") != spec:
        raise Unusable(f"{path}: does not hold the network that its name says")
    if metadata.get("sha256") != digest(tensors):
        raise Unusable(f"{path}: its content does not match its checksum")
    wanted = {name: tensor[place] for name, tensor in named_tensors(classifiers)}
    if {name: tensor.shape for name, tensor in wanted.items()} != {n: t.shape for n, t in tensors.items()}:
        raise Unusable(f"{path}: its tensors do not have the names and shapes of the network")
    for name, tensor in wanted.items():
        tensor.copy_(tensors[name])


def named_tensors(classifier: Classifier) -> Iterator[tuple[str, Tensor]]:
    """Yield every parameter and running statistic with its name."""
    for number, layer in enumerate(classifier.hidden, 1):
        yield from _named(f"layer{number}", weight=layer.affine.weight, bias=layer.affine.bias)
        if layer.scale is not None:
            yield from _named(f"layer{number}", gamma=layer.scale.gamma, beta=layer.scale.beta)
        if layer.running is not None:
            yield from _named(
                f"layer{number}", running_mean=layer.running.mean, running_variance=layer.running.variance
            )
        if layer.branch is not None:
            yield from _named(f"layer{number}", branch=layer.branch.factor)
    yield from _named("readout", weight=classifier.readout.weight, bias=classifier.readout.bias)


def _named(place: str, **tensors: Tensor | None) -> Iterator[tuple[str, Tensor]]:
    return ((f"{place}.{name}", tensor) for name, tensor in tensors.items() if tensor is not None)


def digest(tensors: dict[str, Tensor]) -> str:
    """Return the SHA-256 of the names, shapes and numbers of tensors."""
    sha256 = hashlib.sha256()
    for name in sorted(tensors):
        sha256.update(json.dumps([name, list(tensors[name].shape)]).encode())
        sha256.update(tensors[name].contiguous().numpy().tobytes())
    return sha256.hexdigest()
