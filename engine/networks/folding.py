"""Folding a batch normalization into the affine map before it: what evaluation costs after that."""

from collections.abc import Sequence
from dataclasses import replace

from goldilocks.engine.errors import RequestError
from goldilocks.engine.networks.affine import BatchedAffine
from goldilocks.engine.networks.base import HiddenLayer
from goldilocks.engine.normalizations.none import NoNormalization


def fold(layers: Sequence[HiddenLayer[BatchedAffine]]) -> list[HiddenLayer[BatchedAffine]]:
    """Return layers without normalization that evaluate like the given ones.

    s = γ/√(running variance + eps), W' = W·s, b' = (b − running mean)·s + β

    Args:
        layers: hidden layers whose normalization follows their affine map and tracks running statistics.

    Returns:
        As many layers, with weights of their own.

    Raises:
        RequestError: a normalization depends on the example, hence is no affine map, or does not follow one.

    Source:
        Ioffe & Szegedy 2015, section 3.1; Jacob et al. 2018, section 3.2.
    """
    return [_fold(layer) for layer in layers]


def _fold(layer: HiddenLayer[BatchedAffine]) -> HiddenLayer[BatchedAffine]:
    if layer.norm.absent:
        return layer
    if not layer.norm.tracks or layer.running is None:
        raise RequestError(f"norm = {layer.norm}: it depends on the example and cannot be folded. Allowed: batch, none")
    if layer.branch is not None:
        raise RequestError("a residual block adds its input before the batch norm, which therefore cannot be folded")
    gain = (layer.running.variance + layer.norm.variance_offset).rsqrt()
    shift = -layer.running.mean if layer.affine.bias is None else layer.affine.bias - layer.running.mean
    if layer.scale is not None:
        gain = gain * layer.scale.gamma
    bias = shift * gain
    if layer.scale is not None and layer.scale.beta is not None:
        bias = bias + layer.scale.beta
    affine = replace(layer.affine, weight=layer.affine.weight * gain, bias=bias)
    return replace(layer, affine=affine, norm=NoNormalization(), scale=None, running=None)
