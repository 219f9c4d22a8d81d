"""Folding a batch norm against PyTorch's own, and what cannot be folded."""

from dataclasses import replace

import pytest
import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval, fuse_linear_bn_eval

from goldilocks.engine.activations import activations
from goldilocks.engine.card import Card
from goldilocks.engine.data import datasets
from goldilocks.engine.errors import RequestError
from goldilocks.engine.networks import HiddenLayer, networks
from goldilocks.engine.networks.affine import BatchedAffine
from goldilocks.engine.networks.folding import fold
from goldilocks.engine.normalizations import normalizations
from goldilocks.engine.normalizations.base import Normalization, Running, Scale
from goldilocks.engine.studies.folding import FoldingCell, forward_times
from goldilocks.engine.training.cell import TrainingCell
from goldilocks.engine.training.trainer import Trainer
from tests.device import DEVICE
from tests.oracles import plain

CONFIGS, FAN_IN, UNITS, BATCH = 3, 6, 8, 16


def layer(norm="batch", bias=False):
    """Return a layer with drawn weights, γ, β and running statistics, in float64."""
    random = torch.Generator().manual_seed(0)

    def draw(*shape):
        return torch.randn(shape, generator=random, dtype=torch.float64)

    affine = BatchedAffine(draw(CONFIGS, FAN_IN, UNITS), draw(CONFIGS, 1, UNITS) if bias else None)
    norm = normalizations.parse(norm)
    scale = Scale(draw(CONFIGS, 1, UNITS), draw(CONFIGS, 1, UNITS)) if norm.learnable else None
    running = Running(draw(CONFIGS, 1, UNITS), draw(CONFIGS, 1, UNITS).square()) if norm.tracks else None
    return HiddenLayer(affine, activations.parse("tanh"), norm, scale, running), draw(CONFIGS, BATCH, FAN_IN)


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("norm", ["batch", "batch(eps=0)", "batch(eps=100)"])
def test_folding_is_pytorchs(norm, bias):
    unfolded, x = layer(norm, bias)
    (folded,) = fold([unfolded])
    assert folded.norm.absent
    assert folded.scale is None
    for c in range(CONFIGS):
        linear = nn.Linear(FAN_IN, UNITS, bias=bias).double()
        linear.weight.data.copy_(unfolded.affine.weight[c].T)
        if bias:
            linear.bias.data.copy_(unfolded.affine.bias[c, 0])
        module = nn.BatchNorm1d(UNITS, eps=unfolded.norm.eps).double().eval()
        module.weight.data.copy_(unfolded.scale.gamma[c, 0])
        module.bias.data.copy_(unfolded.scale.beta[c, 0])
        module.running_mean.copy_(unfolded.running.mean[c, 0])
        module.running_var.copy_(unfolded.running.variance[c, 0])
        fused = fuse_linear_bn_eval(linear.eval(), module)
        torch.testing.assert_close(folded.affine.weight[c], fused.weight.data.T)
        torch.testing.assert_close(folded.affine.bias[c, 0], fused.bias.data)
        torch.testing.assert_close(folded.affine.forward(x)[c], module(linear(x[c])).detach())


class Offset(Normalization):
    """A normalization of somebody else's: over the batch, with another offset than an eps, and without β."""

    name = "offset"
    card = Card("Offset", "y = γ·(z − E[z])/√(Var[z] + 2)", "this test")
    learnable, shifts, tracks = True, False, True

    @property
    def variance_offset(self):
        return 2.0

    def evaluate(self, z, scale, running):
        return scale.gamma * (z - running.mean) / (running.variance + 2.0).sqrt()


def test_what_can_be_folded_is_declared_and_no_matter_of_the_class():
    unfolded, x = layer(Offset())
    unfolded = replace(unfolded, scale=Scale(unfolded.scale.gamma, None))
    (folded,) = fold([unfolded])
    expected = unfolded.norm.evaluate(unfolded.affine.forward(x), unfolded.scale, unfolded.running)
    torch.testing.assert_close(folded.affine.forward(x), expected)
    cell = FoldingCell.model_construct(
        dataset=datasets.parse("digits"), network=networks.parse("mlp"), norm=Offset(), batch_size=32
    )
    assert FoldingCell.rules[0](cell) is None
    assert "folds a batch norm" in FoldingCell.rules[0](cell.model_copy(update={"norm": normalizations.parse("layer")}))


def test_folding_into_a_convolution_is_pytorchs():
    cell = TrainingCell(
        dataset="digits", network="conv", init="kaiming", activation="relu", norm="batch", width=4, depth=2,
        batch_size=32, steps=5, lr=0.1,
    )  # fmt: skip
    trainer = Trainer([cell], DEVICE)
    for step in range(cell.steps):
        trainer.step(step)
    truth = plain.train(cell, cell.steps).hidden.eval()
    for folded, layer in zip(fold(trainer.model.hidden), truth.layers, strict=True):
        fused = fuse_conv_bn_eval(layer.affine, layer.norm)
        torch.testing.assert_close(
            folded.affine.weight[0].double(), plain.columns(fused.weight.data), rtol=1e-4, atol=1e-5
        )
        torch.testing.assert_close(folded.affine.bias[0, 0].double(), fused.bias.data, rtol=1e-4, atol=1e-5)
    x = trainer.test_x[None]
    unfolded = trainer.network.evaluate(trainer.model.hidden, x)
    torch.testing.assert_close(trainer.network.evaluate(fold(trainer.model.hidden), x), unfolded, rtol=1e-5, atol=1e-5)


def test_the_given_layer_keeps_its_weights():
    unfolded, _ = layer()
    before = unfolded.affine.weight.clone()
    fold([unfolded])
    assert torch.equal(unfolded.affine.weight, before)
    assert unfolded.affine.bias is None


def test_a_layer_without_normalization_stays_as_it_is():
    plain, _ = layer("none", bias=True)
    assert fold([plain]) == [plain]


def test_what_depends_on_the_example_is_refused():
    with pytest.raises(RequestError, match="norm = layer: it depends on the example and cannot be folded"):
        fold([layer("layer")[0]])


def test_a_norm_behind_an_addition_is_refused():
    cell = FoldingCell(
        dataset="digits", network="residual_mlp", init="kaiming", activation="relu", width=4, depth=2, batch_size=32,
        steps=5, lr=0.1,
    )  # fmt: skip
    assert "network = residual_mlp: its norm does not follow an affine map directly" in cell.refusal()


def test_times_are_taken_in_turns():
    order = []
    passes = {name: lambda name=name: order.append(name) or torch.zeros(1) for name in ("a", "b", "c")}
    times = forward_times(passes)
    assert order[:6] == ["a", "b", "c"] * 2
    assert all(seconds > 0 for seconds in times.values())
