"""Weights that a weight normalization computes from a direction and its lengths, of either kind that PyTorch has."""

import warnings

import pytest
import torch
from torch import nn

from goldilocks.engine.diagnosis.code import code
from goldilocks.engine.diagnosis.initialization import apply
from goldilocks.engine.diagnosis.judgement import judge
from goldilocks.engine.diagnosis.measure import measure
from goldilocks.engine.diagnosis.specimen import Specimen
from goldilocks.engine.diagnosis.trace import trace
from tests.diagnosis import zoo


def older(layer):
    """The kind that keeps the computed weight as an attribute, which `copy.deepcopy` refuses."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        return nn.utils.weight_norm(layer)


KINDS = {"older": older, "parametrization": nn.utils.parametrizations.weight_norm}


class Temporal(nn.Module):
    """Residual blocks of normalized convolutions, and one with a length for the whole weight."""

    def __init__(self, normalize, lengths=1.0):
        super().__init__()
        self.convs = nn.ModuleList(normalize(nn.Conv1d(16, 16, 3, padding=1)) for _ in range(8))
        self.head = nn.Linear(16, 10)
        for name, parameter in self.named_parameters():
            if name.endswith(("weight_g", "original0")):
                parameter.data.mul_(lengths)

    def forward(self, x):
        for first, second in zip(self.convs[::2], self.convs[1::2], strict=True):
            x = x + second(torch.relu(first(x)))
        return self.head(x.mean(-1))


def specimen(kind, **settings):
    x = torch.randn(8, 16, 20, generator=torch.Generator().manual_seed(0))
    return Specimen(lambda: Temporal(KINDS[kind], **settings), (x,), classes=10)


def effective(model, one):
    """The weights that the network works with."""
    model(*one.args)
    return [conv.weight.detach() for conv in model.convs]


@pytest.mark.parametrize("kind", KINDS)
def test_a_scheme_draws_the_weight_that_the_network_works_with(kind):
    one = specimen(kind, lengths=7.0)
    for weight in effective(apply(one, "orthogonal"), one):
        rows = weight.flatten(1)
        assert torch.allclose(rows @ rows.T, rows[0].square().sum() * torch.eye(16), atol=1e-4)
    for weight in effective(apply(one, "kaiming"), one)[::2]:
        assert float(weight.std()) == pytest.approx((2 / 48) ** 0.5, rel=0.1)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("init", ["kaiming", "kaiming+zero_branch", "xavier_uniform+depth_scaled", "zeros", "lsuv"])
def test_the_code_that_is_printed_gives_the_same_weights(kind, init):
    one = specimen(kind)
    with torch.random.fork_rng():
        script = code(one, init, seed=1)
        torch.manual_seed(1)
        scope = {"model": one.make()}
        exec(script, scope)
        ours = dict(apply(one, init, seed=1).named_parameters())
    for name, values in scope["model"].named_parameters():
        assert torch.allclose(values, ours[name], rtol=1e-6), name


@pytest.mark.parametrize("kind", KINDS)
def test_modifiers_and_data_dependent_schemes_scale_the_lengths(kind):
    one = specimen(kind)
    found = measure(one, ["lsuv", "kaiming+zero_branch", "zeros"], [0], method="loop")
    convs = [site.index for site in found.sites if site.kind == "convolution"]
    assert found.signal.std[0, convs] == pytest.approx(1, rel=1e-4)
    assert (found.signal.rms[1, convs[1::2]] == 0).all()
    assert (found.signal.rms[2, convs] == 0).all()
    assert (found.signal.nonfinite == 0).all()


def test_both_kinds_are_measured_alike_and_all_at_once_as_one_by_one():
    inits = ["as_is", "kaiming"]
    first, second = (measure(specimen(kind), inits, [0, 1], method="vmap") for kind in KINDS)
    alone = measure(specimen("older"), inits, [0, 1], method="loop")
    assert first.signal.std == pytest.approx(alone.signal.std, rel=1e-5)
    # Draws are named by the parameter, and the two kinds have other names for it.
    assert first.signal.std[[0, 2]] == pytest.approx(second.signal.std[[0, 2]], rel=1e-5)


def test_a_network_with_computed_weights_is_left_as_it_is():
    model = Temporal(older)
    x = zoo.numbers(8, 16, 20)
    before = {name: value.detach().clone() for name, value in model.named_parameters()}
    kept = [conv.weight for conv in model.convs]
    measure(Specimen(lambda: model, (x,)), ["as_is", "kaiming"], [0])
    assert all(conv.weight is weight for conv, weight in zip(model.convs, kept, strict=True))
    assert all(torch.equal(value, before[name]) for name, value in model.named_parameters())


def test_lengths_that_no_fan_explains_are_not_held_against_the_direction():
    """The direction's own scale is none of the weight's."""

    class Wide(nn.Module):
        def __init__(self):
            super().__init__()
            self.narrow = older(nn.Linear(128, 512))
            # As if scaled by what each input feeds, which its length makes up for.
            self.narrow.weight_v.data.mul_(0.5)

        def forward(self, x):
            return torch.relu(self.narrow(x)) @ torch.ones(512, 10)

    found = measure(Specimen(Wide, (zoo.numbers(8, 128),)), ["as_is"], [0], method="loop")
    assert "fan_mismatch" not in {one.rule for one in judge(found)}


def test_weights_computed_otherwise_are_named_as_left_alone():
    def make():
        return nn.Sequential(nn.utils.parametrizations.spectral_norm(nn.Linear(16, 16)), nn.ReLU(), nn.Linear(16, 10))

    remarks = trace(Specimen(make, (zoo.numbers(8, 16),))).remarks
    assert any("No rule covers 0.parametrizations.weight.original;" in remark for remark in remarks)
