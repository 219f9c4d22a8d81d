"""For each rule a measurement of which it must speak, and one of which it must not."""

import numpy as np

from tests.diagnosis.handmade import chain, site, weight

LAYERS = ("input", "affine", "affine", "affine", "affine", "affine")
PLAIN = chain(*LAYERS)


def decaying(factor, start=1.0):
    return {index: start * factor**index for index in range(len(LAYERS))}


def case(sites, parameters=(), **fields):
    """Return what `handmade.evidence` takes."""
    return {"sites": sites, "parameters": list(parameters), **fields}


RELU = chain("input", "affine", "activation", "affine", "activation", "affine")
TANH = [site(0, "input"), site(1), site(2, "activation", activation="tanh")]
CLASSIFIER = [*PLAIN[:5], site(5, role="read-out")]
NORMED = [site(0, "input"), site(1, parameters=("w", "b")), site(2, "normalization", operation="batch_norm")]
GROUPED = [site(0, "input"), site(1), site(2, "normalization", operation="group_norm")]
FIVE = [weight(f"{index}.weight", index) for index in range(1, 6)]
BIASED = [weight("w", 1), weight("b", 1, part="bias")]
DEPTHWISE = [weight("1.weight", 1, shape=(64, 1, 3, 3), fan_in=9.0, fan_out=9.0)]


def residual(blocks, shape=(16, 32)):
    sites = [site(0, "input"), site(1)]
    for _ in range(blocks):
        last = sites[-1].index
        sites += [
            site(last + 1, inputs=(last,), role="branch"),
            site(last + 2, "addition", inputs=(last, last + 1), shape=shape),
        ]
    return sites


def growing(step):
    return {one.index: 1 + step * place for place, one in enumerate(residual(8)) if one.kind == "addition"}


# Of which it must speak; of which it must not, for the limit is just missed or it is exempted.
CASES = {
    "backward_rate": [case(PLAIN, signal={"grad_rms": decaying(factor)}) for factor in (0.3, 0.81)],
    "bias_before_norm": [
        case(NORMED, parameters=BIASED),
        case([*NORMED[:2], site(2, "normalization", operation="layer_norm")], parameters=BIASED),
    ],
    "collapse": [case(PLAIN, signal={"similarity": {3: value}}) for value in (0.991, 0.989)],
    "dead": [case(RELU, signal={"frac_dead_units": {2: value}}) for value in (0.96, 0.94)],
    "dead_units": [case(RELU, signal={"frac_dead_units": {2: value}}) for value in (0.51, 0.49)],
    "fan_mismatch": [
        case([site(0, "input"), site(1, "convolution")], parameters=DEPTHWISE, weights={"std": {0: std}})
        for std in ((2 / 576) ** 0.5, (2 / 9) ** 0.5)
    ],
    "first_loss": [case(CLASSIFIER, classes=10, first_loss=np.full(4, ratio * np.log(10))) for ratio in (1.76, 1.74)],
    "forward_rate": [case(PLAIN, signal={"std": decaying(factor)}) for factor in (0.3, 0.81)],
    "input_scale": [case(PLAIN, signal={"rms": {0: rms}}) for rms in (10.1, 9.9)],
    "lopsided_addition": [case(residual(1), signal={"rms": {2: ratio, 3: ratio}}) for ratio in (15.1, 14.9)],
    "no_gradient": [case(PLAIN, parameters=[weight("1.weight", 1, trained=on)]) for on in (False, True)],
    "nonfinite": [case(PLAIN, signal={"nonfinite": {3: share}}) for share in (1e-6, 0.0)],
    "norm_of_one_value": [case(GROUPED, signal={"std": {2: 0.0}, "unit_std": {1: spread}}) for spread in (1.0, 0.0)],
    "range": [case(PLAIN, signal={"maximum": {3: value}}) for value in (65_505.0, 65_503.0)],
    "residual_growth": [case(residual(8), signal={"std": growing(step)}) for step in (0.5, 0.1)],
    "saturated": [case(TANH, signal={"frac_saturated": {2: share}}) for share in (0.51, 0.49)],
    "scale_jump": [case(PLAIN, signal={"rms": {3: rms, 4: rms, 5: rms}}) for rms in (51.0, 49.0)],
    "symmetry": [case(PLAIN, parameters=FIVE, weights={"equal_units": {1: share}}) for share in (0.11, 0.09)],
    "update_ratio": [
        case(PLAIN, parameters=FIVE, weights={"update_ratio": {2: 0.1 * factor}}) for factor in (3100, 2900)
    ],
}
