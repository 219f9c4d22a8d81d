"""Layer-sequential unit variance on any network: weights are rescaled in the order in which they are used."""

from typing import Any

import torch
from torch import nn

from goldilocks.engine.diagnosis.operations import first_tensor, with_first_tensor
from goldilocks.engine.diagnosis.prepared import usual_random_state
from goldilocks.engine.diagnosis.specimen import Specimen
from goldilocks.engine.diagnosis.trace import Trace
from goldilocks.engine.diagnosis.watch import Event, watching, whole_modules


class _Calibration:
    """Rescales the weight of each affine map when it is first used."""

    def __init__(self, model: nn.Module, trace: Trace):
        self._sites = dict(zip(trace.keys, trace.sites, strict=True))
        self._parameters = dict(model.named_parameters())
        self._lengths = trace.lengths
        self.factors: dict[str, float] = {}

    def seen(self, event: Event) -> Any:
        """Rescale the weight of an affine map that is met for the first time, and return what leaves it then."""
        site = self._sites.get(event.key)
        if site is None or site.kind not in ("affine", "convolution") or not site.parameters:
            return event.result
        # Of a normalized weight the lengths say how large it is.
        name, value = self._lengths.get(site.parameters[0], site.parameters[0]), first_tensor(event.result)
        if value is None or name in self.factors:
            return event.result
        std = float(value.detach().double().std(correction=0))
        factor = 1 / std if 0 < std < float("inf") else 1.0
        self.factors[name] = factor
        self._parameters[name].mul_(factor)
        return with_first_tensor(event.result, lambda x: x * factor)


def calibrate(model: nn.Module, trace: Trace, specimen: Specimen) -> dict[str, float]:
    """Rescale weights until what leaves each affine map and convolution has variance 1 on the batch.

    Args:
        model: a prepared copy, changed; its biases are zero.
        trace: of it.
        specimen: the batch.

    Returns:
        The factor of each weight.

    Source:
        Mishkin & Matas 2016.
    """
    calibration = _Calibration(model, trace)
    with usual_random_state(), torch.no_grad(), watching(model, calibration, whole_modules(model)):
        model(*specimen.args, **specimen.kwargs)
    return calibration.factors
