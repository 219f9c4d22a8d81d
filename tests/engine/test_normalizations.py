"""Normalizations against `torch.nn` and autograd, their running statistics, and their invariances."""

import pytest
import torch
from torch import nn

from goldilocks.engine.errors import RequestError
from goldilocks.engine.grid.spec import Grid
from goldilocks.engine.normalizations import normalizations
from goldilocks.engine.normalizations.base import Running, Scale
from tests.engine.members import NORMALIZATIONS
from tests.oracles import plain

CONFIGS, UNITS = 3, 8


def tensors(batch, seed=0):
    """Return pre-activations, γ and β, and an output gradient in float64."""
    random = torch.Generator().manual_seed(seed)

    def draw(*shape):
        return torch.randn(shape, generator=random, dtype=torch.float64)

    z = 3 * draw(CONFIGS, batch, UNITS) + 2
    return z, Scale(draw(CONFIGS, 1, UNITS), draw(CONFIGS, 1, UNITS)), draw(CONFIGS, batch, UNITS)


def modules(norm, scale):
    """Return one `torch.nn` module per configuration, with that configuration's γ and β."""
    made = [plain.NORMS[norm.name](norm, UNITS).double() for _ in range(CONFIGS)]
    for c, module in enumerate(made):
        if norm.learnable and scale is not None:
            module.weight.data.copy_(scale.gamma[c, 0])
            if scale.beta is not None:
                module.bias.data.copy_(scale.beta[c, 0])
    return made


def learnable(norm, scale):
    """Return what of γ and β the normalization has."""
    if not norm.learnable:
        return None
    return scale if norm.shifts else Scale(scale.gamma, None)


def initial(norm):
    shape = (CONFIGS, 1, UNITS)
    zeros, ones = torch.zeros(shape, dtype=torch.float64), torch.ones(shape, dtype=torch.float64)
    return Running(zeros, ones) if norm.tracks else None


def variants():
    """Return every member as it comes, and batch normalization at extremes of its parameters."""
    extremes = (
        "batch(eps=1e-30)", "batch(eps=1e-12)", "batch(eps=0.1)", "batch(eps=1e6)", "batch(momentum=1)",
        "batch(momentum=0.001)", "batch(momentum=1e-9)",
    )  # fmt: skip
    return [*NORMALIZATIONS, *map(normalizations.parse, extremes)]


@pytest.mark.parametrize("batch", [2, 3, 64, 4096])
@pytest.mark.parametrize("norm", variants(), ids=str)
@pytest.mark.parametrize("learned", [False, True])
def test_forward_backward_and_running_statistics_are_torchs(norm, batch, learned):
    z, scale, gradient = tensors(batch)
    scale = learnable(norm, scale) if learned else None
    running = initial(norm)
    y, saved = norm.forward(z.clone(), scale, running)
    dz, dscale = norm.backward(gradient.clone(), saved, scale)
    for c, module in enumerate(modules(norm, scale)):
        leaf = z[c].clone().requires_grad_()
        expected = module(leaf)
        expected.backward(gradient[c])
        torch.testing.assert_close(y[c], expected.detach())
        # With two examples and no eps the exact gradient is zero: what is left is rounding.
        torch.testing.assert_close(dz[c], leaf.grad, atol=1e-9, rtol=1e-7)
        if scale is not None:
            torch.testing.assert_close(dscale.gamma[c, 0], module.weight.grad)
            if scale.beta is not None:
                torch.testing.assert_close(dscale.beta[c, 0], module.bias.grad)
        if running is not None:
            torch.testing.assert_close(running.mean[c, 0], module.running_mean)
            torch.testing.assert_close(running.variance[c, 0], module.running_var)


@pytest.mark.parametrize("norm", variants(), ids=str)
def test_evaluation_is_torchs(norm):
    z, scale, _ = tensors(16)
    scale = learnable(norm, scale)
    running = initial(norm)
    made = modules(norm, scale)
    for seed in range(3):
        batch = tensors(16, seed)[0]
        norm.forward(batch.clone(), scale, running)
        for c, module in enumerate(made):
            module(batch[c])
    ours = norm.evaluate(z.clone(), scale, running)
    for c, module in enumerate(made):
        torch.testing.assert_close(ours[c], module.eval()(z[c]).detach())


@pytest.mark.parametrize("batch", [1, 2, 64])
@pytest.mark.parametrize("norm", [norm for norm in variants() if norm.name == "batch"], ids=str)
def test_batch_norm_of_images_is_torchs_batch_norm_2d(norm, batch):
    """Rows of the engine are the positions of all images: one image of 3 × 3 pixels is a batch of nine."""
    side, rows = 3, 9 * batch
    z, scale, gradient = tensors(rows)
    running = initial(norm)

    def images(x):
        return x.view(batch, side, side, UNITS).permute(0, 3, 1, 2)

    def as_rows(x):
        return x.permute(0, 2, 3, 1).reshape(rows, UNITS)

    y, saved = norm.forward(z.clone(), scale, running)
    dz, dscale = norm.backward(gradient.clone(), saved, scale)
    evaluated = norm.evaluate(z.clone(), scale, running)
    for c in range(CONFIGS):
        module = nn.BatchNorm2d(UNITS, eps=norm.eps, momentum=norm.momentum).double()
        module.weight.data.copy_(scale.gamma[c, 0])
        module.bias.data.copy_(scale.beta[c, 0])
        leaf = images(z[c].clone()).requires_grad_()
        expected = module(leaf)
        expected.backward(images(gradient[c]))
        torch.testing.assert_close(y[c], as_rows(expected.detach()))
        torch.testing.assert_close(dz[c], as_rows(leaf.grad), atol=1e-9, rtol=1e-7)
        torch.testing.assert_close(dscale.gamma[c, 0], module.weight.grad)
        torch.testing.assert_close(dscale.beta[c, 0], module.bias.grad)
        torch.testing.assert_close(running.mean[c, 0], module.running_mean)
        torch.testing.assert_close(running.variance[c, 0], module.running_var)
        torch.testing.assert_close(evaluated[c], as_rows(module.eval()(images(z[c])).detach()))


@pytest.mark.parametrize("kind", ["training", "batch_norm_layer", "discrepancy", "folding"])
def test_a_batch_of_one_is_refused_with_the_reason_as_torch_refuses_it(kind):
    rate = "lr_per_example = 0.1\nepochs = 1" if kind == "discrepancy" else "lr = 0.1\nsteps = 1"
    text = f"""
[[study]]
kind = "{kind}"
dataset = "digits"
width = 4
depth = 1
init = "kaiming"
activation = "relu"
norm = "batch"
batch_size = 1
{rate}
"""
    with pytest.raises(RequestError, match="batch_size = 1: norm = batch needs at least 2 values of each unit"):
        Grid.from_toml(text)
    with pytest.raises(ValueError, match="more than 1 value per channel"):
        nn.BatchNorm1d(4)(torch.zeros(1, 4))


def test_running_variance_is_unbiased_and_the_forward_variance_biased():
    """Mutation: with three examples the two differ by half, far beyond the tolerance used above."""
    norm = normalizations.parse("batch(momentum=1, eps=0)")
    z, _, _ = tensors(3)
    running = initial(norm)
    y, _ = norm.forward(z.clone(), None, running)
    assert torch.allclose(running.variance, z.var(1, correction=1, keepdim=True))
    assert not torch.allclose(running.variance, z.var(1, correction=0, keepdim=True), rtol=0.1)
    assert torch.allclose(y.var(1, correction=0), torch.ones(CONFIGS, UNITS, dtype=torch.float64))


def test_batch_norm_gradients_sum_to_zero_over_the_batch():
    norm = normalizations.parse("batch")
    z, scale, gradient = tensors(32)
    _, saved = norm.forward(z.clone(), scale, None)
    dz, _ = norm.backward(gradient, saved, scale)
    assert dz.sum(1).abs().max() < 1e-12


def test_batch_norm_ignores_the_weight_scale_and_divides_the_gradient_by_it():
    norm = normalizations.parse("batch(eps=0)")
    z, scale, gradient = tensors(32)
    y, saved = norm.forward(z.clone(), scale, None)
    larger, larger_saved = norm.forward(1000 * z, scale, None)
    torch.testing.assert_close(y, larger)
    dz, _ = norm.backward(gradient.clone(), saved, scale)
    larger_dz, _ = norm.backward(gradient.clone(), larger_saved, scale)
    torch.testing.assert_close(dz, 1000 * larger_dz)


def test_batch_norm_can_learn_the_identity():
    norm = normalizations.parse("batch")
    z, _, _ = tensors(32)
    mean, variance = z.mean(1, keepdim=True), z.var(1, correction=0, keepdim=True)
    y, _ = norm.forward(z.clone(), Scale((variance + norm.eps).sqrt(), mean), None)
    torch.testing.assert_close(y, z)


def test_float32_does_not_cancel_far_from_zero():
    z = 1000 + 0.1 * torch.randn(1, 64, 8, generator=torch.Generator().manual_seed(0))
    y, _ = normalizations.parse("batch").forward(z.clone(), None, None)
    expected = nn.BatchNorm1d(8, affine=False).double()(z[0].double())
    assert (y[0].double() - expected).abs().max() < 5e-3
