"""Networks as batched tensor programs: base, affine maps, and one file per network."""

from engine.networks.base import HiddenLayer, Network, Tape, networks

__all__ = ["HiddenLayer", "Network", "Tape", "networks"]
