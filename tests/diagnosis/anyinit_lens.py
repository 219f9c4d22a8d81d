"""The second moments that AnyInit measures, beside those of the instrument on the same weights.

    python -m tests.diagnosis.anyinit_lens [ARCHITECTURE …]

For each layer AnyInit measures E[a²] of what leaves that layer, or the activation that it finds behind it; its plan
says which. It is kept from drawing the weights anew, so both measure those of the factory. It knows modules: a site is
the counterpart where its value is what leaves the module. Where a module is called several times AnyInit pools the
values of all calls, and so does this.
"""

import os
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from math import prod
from typing import Any
from unittest.mock import patch

import torch
from torch import nn

from goldilocks.engine.diagnosis.measure import measure
from goldilocks.engine.diagnosis.measurement import Measurement
from goldilocks.engine.diagnosis.prepared import made, prepare
from goldilocks.engine.diagnosis.specimen import Specimen
from tests.diagnosis.transformers_zoo import transformers_zoo

NOT_REACHED = "AnyInit did not reach it"
FUNCTION = "AnyInit measures a function and not a module"
PASSED_ON = "the module passes on what enters it"
CHANGED = "the module goes on after the operation"


class Positional(nn.Module):
    """A network that is called with arguments by name, as AnyInit cannot."""

    def __init__(self, model: nn.Module, names: tuple[str, ...]):
        super().__init__()
        self.model, self.names = model, names

    def forward(self, *given: Any) -> Any:
        count = len(given) - len(self.names)
        return self.model(*given[:count], **dict(zip(self.names, given[count:], strict=True)))


class _Untouched:
    """Stands for what AnyInit draws weights by, and leaves them alone."""

    def __init__(self, *given: Any):
        pass

    def draw(self) -> None:
        pass

    def apply_all(self, scales: Any) -> None:
        pass


@dataclass
class Comparison:
    """What came of one architecture.

    Attributes:
        compared: layers that were compared.
        worst: the largest relative difference, and where.
        left: layers without a counterpart, by the reason.
    """

    compared: int = 0
    worst: tuple[float, str] = (0.0, "")
    left: Counter[str] = field(default_factory=Counter)


def positional(specimen: Specimen) -> Specimen:
    """Return a specimen that takes all its tensors by place."""
    tensors = {key: value for key, value in specimen.kwargs.items() if isinstance(value, torch.Tensor)}
    settings = {key: value for key, value in specimen.kwargs.items() if key not in tensors}

    def make() -> nn.Module:
        model = specimen.make()
        for key, value in settings.items():
            setattr(model.config, key, value)
        return Positional(model, tuple(tensors))

    return replace(specimen, make=make, args=(*specimen.args, *tensors.values()), kwargs={})


def anyinit_values(model: nn.Module, specimen: Specimen) -> list[tuple[str, str | None, float | None]]:
    """Return for each layer that AnyInit knows its name, the module at which it measures, and E[a²] there."""
    import anyinit
    from anyinit import _run

    seen: dict[str, Any] = {}
    build = _run._build_report

    def listening(**given: Any) -> Any:
        seen.update(given)
        return build(**given)

    with patch.object(_run, "_build_report", listening), patch.object(_run, "_Weights", _Untouched):
        report = anyinit.initialize(model, "analytic", specimen.args, seed=0)
    graph = seen["graph"]
    paths = {name.replace(".", "_"): name for name, _ in model.named_modules()}
    found = []
    for node, layer in zip(graph.scalable, report.layers, strict=True):
        point = graph[_run._enforced_at(seen["plan"], seen["result"], node.id)]
        found.append((layer.name, point.meta.get("path") or paths.get(point.id), layer.measured))
    return found


def compared(specimen: Specimen) -> Comparison:
    """Compare one architecture."""
    specimen = positional(specimen)
    model = made(specimen, 0)
    prepare(model, specimen.training)
    theirs = anyinit_values(model, specimen)
    outputs = outputs_of_modules(model, specimen)
    ours = measure(replace(specimen, make=lambda: model), ["as_is"], [0], method="loop")
    found = Comparison()
    for name, module, value in theirs:
        reason = NOT_REACHED if value is None else FUNCTION if module is None else None
        part = model.get_submodule(module or "")
        if isinstance(part, nn.Embedding) and type(part).forward is not nn.Embedding.forward:
            # Its rows are scaled after they are looked up.
            reason = CHANGED
        second_moment = None if reason else pooled(ours, module or "", outputs)
        if reason is None and second_moment is None:
            reason = PASSED_ON
        if reason or second_moment is None or value is None:
            found.left[reason or PASSED_ON] += 1
            continue
        found.compared += 1
        found.worst = max(found.worst, (abs(second_moment - value) / max(value, 1e-12), name))
    return found


def outputs_of_modules(model: nn.Module, specimen: Specimen) -> dict[str, list[tuple[int, ...]]]:
    """Return the shapes of what leaves each module, call by call."""
    shapes: dict[str, list[tuple[int, ...]]] = defaultdict(list)

    def listening(name: str) -> Any:
        def hook(module: nn.Module, args: Any, output: Any) -> None:
            if isinstance(output, torch.Tensor):
                shapes[name].append(tuple(output.shape))

        return hook

    hooks = [part.register_forward_hook(listening(name)) for name, part in model.named_modules()]
    try:
        with torch.no_grad():
            model(*specimen.args)
    finally:
        for hook in hooks:
            hook.remove()
    return shapes


def pooled(found: Measurement, module: str, outputs: dict[str, list[tuple[int, ...]]]) -> float | None:
    """Return the mean square of what leaves a module over all of its calls, or None where that is no site."""
    last = {site.call: site for site in found.sites if site.name == module}
    if [prod(site.shape) for _, site in sorted(last.items())] != [prod(shape) for shape in outputs[module]]:
        return None
    sizes = [prod(site.shape) for site in last.values()]
    squares = [float(found.signal.rms[0, site.index]) ** 2 for site in last.values()]
    return sum(size * square for size, square in zip(sizes, squares, strict=True)) / sum(sizes)


def main() -> None:
    """Print the table."""
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    every = transformers_zoo()
    print("| architecture | layers compared | largest relative difference | without a counterpart |")
    print("| --- | ---: | --- | --- |")
    for name in sys.argv[1:] or every:
        try:
            one = compared(every[name])
        except Exception as error:
            print(f"| {name} | – | AnyInit raises {type(error).__name__}: {str(error)[:100]} | |", flush=True)
            continue
        left = "; ".join(f"{count}: {reason}" for reason, count in one.left.items())
        print(f"| {name} | {one.compared} | {one.worst[0]:.1e} at {one.worst[1]} | {left} |", flush=True)


if __name__ == "__main__":
    main()
