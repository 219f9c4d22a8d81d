"""The alphabet of tensor axes, in the one order that all tensors of the engine use.

    config  C   one configuration of a batch of configurations; always first
    batch   B   one example
    unit    F   one unit (feature) of a layer; weights are [config, fan_in, fan_out]

An activation is `[config, batch, unit]`, a bias `[config, 1, unit]`, a loss or a learning rate `[config]`.
"""

CONFIG, BATCH, UNIT = 0, 1, 2
