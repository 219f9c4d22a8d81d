"""Measurements made by hand: a chain of sites with any numbers, to hold rules against."""

from dataclasses import fields, replace

import numpy as np

from goldilocks.engine.diagnosis.evidence import Evidence
from goldilocks.engine.diagnosis.measurement import Configuration, Cost, Measurement, Signal, Weights
from goldilocks.engine.diagnosis.site import Parameter, Site

SEEDS = 4
HEALTHY = {field.name: 0.0 for field in fields(Signal)} | {
    "std": 1.0,
    "rms": 1.0,
    "minimum": -3.0,
    "maximum": 3.0,
    "unit_std": 1.0,
    "grad_rms": 1.0,
}
SOUND = {
    "mean": 0.0,
    "std": 0.1,
    "rms": 0.1,
    "magnitude": 0.4,
    "nonfinite": 0.0,
    "equal_units": 0.0,
    "grad_rms": 0.01,
    "got_gradient": True,
    "update_ratio": 0.1,
    "treated": True,
}


def site(index, kind="affine", *, inputs=None, role="stream", operation="", **fields):
    """Return a site that is fed by the one before it."""
    inputs = ((index - 1,) if index else ()) if inputs is None else inputs
    shape = fields.pop("shape", (16, 32))
    return Site(index, fields.pop("name", str(index)), 1, operation or kind, 1, kind, role, shape, inputs, **fields)


def chain(*kinds):
    """Return sites of these kinds, each fed by the one before."""
    return [site(index, kind) for index, kind in enumerate(kinds)]


def measurement(sites, parameters=(), *, signal=None, weights=None, seeds=SEEDS, init="as_is", **fields):
    """Return a measurement in which every site and parameter is healthy but for what is given.

    Args:
        sites: in execution order.
        parameters: of the network.
        signal: `{statistic: {site: value or one per seed}}`.
        weights: `{statistic: {parameter's place: value or one per seed}}`.
        seeds: how many.
        init: name of the initialization.
        fields: of the measurement.
    """
    cost = Cost("loop", "made by hand", "cpu", seeds, 1, 0.0, 0.0, 0.0)
    whole = {
        "configurations": tuple(Configuration(init, seed) for seed in range(seeds)),
        "sites": tuple(sites),
        "parameters": tuple(parameters),
        "signal": Signal(**_arrays(HEALTHY, len(sites), seeds, signal or {})),
        "weights": Weights(**_arrays(SOUND, len(parameters), seeds, weights or {})),
        "first_loss": np.full(seeds, 1.0),
        "classes": None,
        "cost": cost,
        "examples": 16,
    }
    return Measurement(**(whole | fields))


def _arrays(defaults, columns, seeds, given):
    arrays = {name: np.full((seeds, columns), value) for name, value in defaults.items()}
    for name, values in given.items():
        for place, value in values.items():
            arrays[name][:, place] = value
    return arrays


def evidence(*arguments, intended=(), **fields):
    """Return the evidence of a measurement made by hand."""
    made = measurement(*arguments, **fields)
    return Evidence(made, made.inits[0], intended)


def weight(name, *sites, part="weight", **fields):
    """Return a weight matrix that enters these sites."""
    shape = fields.pop("shape", (32, 32))
    return replace(Parameter(name, shape, part, "Linear", sites, fan_in=32.0, fan_out=32.0), **fields)
