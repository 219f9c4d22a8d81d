"""Networks as batched tensor programs: base, affine maps, and one file per network."""

from goldilocks.engine.networks.base import HiddenLayer, LayerGradient, Network, Tape, networks

__all__ = ["HiddenLayer", "LayerGradient", "Network", "Tape", "networks"]
