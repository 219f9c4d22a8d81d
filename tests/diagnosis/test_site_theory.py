"""What theory expects at the sites of a network against what is measured there, and where it expects nothing."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from goldilocks.engine.activations import activations
from goldilocks.engine.diagnosis.measure import measure
from goldilocks.engine.diagnosis.specimen import Specimen
from tests.breadth import few

WIDTH, EXAMPLES, SEEDS = 128, 64, 12
# Of a mean of the ratio over seeds: standard errors, and what finite width and unequal lengths of examples leave.
ERRORS, WIDTH_EFFECT = 4.0, 0.02


class Function(nn.Module):
    """A network whose forward pass is a function of its layers and the input."""

    def __init__(self, forward, **layers):
        super().__init__()
        self.layers, self.computed = nn.ModuleDict(layers), forward

    def forward(self, x):
        return self.computed(self.layers, x)


def ratios(make, *args, init="as_is", seeds=SEEDS, **fields):
    """Return measured over expected root mean square `[seed, site]` by the label of the site."""
    found = measure(Specimen(make, args, **fields), [init], range(seeds))
    both = found.signal.rms / found.signal.theory_rms
    return {site.label: both[:, site.index] for site in found.sites}


def agrees(values):
    error = values.std(ddof=1) / len(values) ** 0.5
    return abs(values.mean() - 1) < ERRORS * error + WIDTH_EFFECT


def rows(width=WIDTH):
    return torch.randn(EXAMPLES, width, generator=torch.Generator().manual_seed(0))


def images(channels=16, side=9):
    return torch.randn(8, channels, side, side, generator=torch.Generator().manual_seed(0))


@pytest.mark.essential("the theory of most sites")
@pytest.mark.parametrize("name", few([member.name for member in activations if member.name != "linear"], 3))
def test_layers_and_activations(name):
    # As PyTorch calls it: of several operations each is one of its own.
    activation = getattr(F, name, None) or activations.parse(name)
    layers = lambda: {str(n): nn.Linear(WIDTH, WIDTH) for n in range(3)}
    make = lambda: Function(lambda m, x: m["2"](activation(m["1"](activation(m["0"](x))))), **layers())
    found = ratios(make, rows(), init="lecun_normal")
    assert all(agrees(values) for label, values in found.items() if label.endswith("linear")), found


@pytest.mark.parametrize(
    "norm", [nn.LayerNorm(WIDTH), nn.BatchNorm1d(WIDTH), nn.GroupNorm(4, WIDTH), nn.RMSNorm(WIDTH)], ids=str
)
def test_normalizations_with_scales_and_shifts(norm):
    def make():
        torch.nn.init.normal_(norm.weight, 2.0, 0.5)
        if getattr(norm, "bias", None) is not None:
            torch.nn.init.normal_(norm.bias, 0.0, 0.5)
        return nn.Sequential(nn.Linear(WIDTH, WIDTH), norm, nn.GELU(), nn.Linear(WIDTH, WIDTH))

    found = ratios(make, rows())
    assert len(found) == 5
    assert all(agrees(values) for values in found.values()), found


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize(("padding", "dilation"), [(0, 1), (1, 1), (2, 2)])
def test_convolutions_with_zeros_beyond_the_border(stride, padding, dilation):
    layer = lambda: nn.Conv2d(16, 16, 3, stride, padding, dilation, groups=2)
    found = ratios(lambda: nn.Sequential(layer(), nn.ReLU(), nn.Conv2d(16, 8, 1)), images())
    assert all(agrees(values) for values in found.values()), found


@pytest.mark.parametrize(("stride", "padding", "over"), [(1, 1, 0), (2, 1, 1), (2, 0, 0), (3, 2, 0)])
def test_transposed_convolutions(stride, padding, over):
    found = ratios(lambda: nn.Sequential(nn.ConvTranspose2d(16, 16, 4, stride, padding, over)), images())
    assert all(agrees(values) for values in found.values()), found


def test_branches_tables_and_what_is_rearranged():
    def forward(m, ids):
        x = m["table"](ids) + m["places"].weight
        for n in range(3):
            y = m[f"in{n}"](m[f"norm{n}"](x)).unflatten(-1, (4, -1)).transpose(1, 2)
            x = x + m[f"out{n}"](F.gelu(y).transpose(1, 2).flatten(2))
        return m["read"](x.reshape(-1, WIDTH))

    def make():
        layers = {"table": nn.Embedding(50, WIDTH), "places": nn.Embedding(10, WIDTH), "read": nn.Linear(WIDTH, 50)}
        for n in range(3):
            layers |= {f"norm{n}": nn.LayerNorm(WIDTH), f"in{n}": nn.Linear(WIDTH, 4 * WIDTH)}
            layers |= {f"out{n}": nn.Linear(4 * WIDTH, WIDTH)}
        return Function(forward, **layers)

    found = ratios(make, torch.randint(0, 50, (16, 10), generator=torch.Generator().manual_seed(0)))
    assert len(found) == 18
    assert all(agrees(values) for values in found.values()), found


def test_kaiming_keeps_and_torch_halves_what_theory_expects():
    layer = lambda: (nn.Linear(WIDTH, WIDTH, bias=False), nn.ReLU())
    make = lambda: nn.Sequential(*(part for _ in range(10) for part in layer()))
    for init, factor in (("kaiming", 1.0), ("default", 6**-0.5)):
        found = measure(Specimen(make, (rows(),)), [init], range(SEEDS))
        expected = found.signal.theory_rms[:, [site.index for site in found.sites if site.operation == "relu"]]
        assert (expected[:, 1:] / expected[:, :-1]).mean() == pytest.approx(factor, rel=0.1)


def affine():
    return {"one": nn.Linear(WIDTH, WIDTH), "two": nn.Linear(WIDTH, WIDTH)}


UNKNOWN = {
    "a product": (lambda m, x: m["one"](x) * m["two"](x), "(model):mul"),
    "behind a product": (lambda m, x: m["two"](m["one"](x) * m["one"](x)), "layers.two:linear"),
    "behind a shift by a number": (lambda m, x: m["two"](m["one"](x) + 1.0), "layers.two:linear"),
    "behind a factor": (lambda m, x: m["two"](0.1 * m["one"](x)), "layers.two:linear"),
    "behind a mean": (lambda m, x: m["two"](m["one"](x).mean(0, keepdim=True)), "layers.two:linear"),
    "twice itself": (lambda m, x: m["two"]((y := m["one"](x)) + y), "layers.two:linear"),
    "a multiple added": (lambda m, x: torch.add(m["one"](x), m["two"](x), alpha=3.0), "(model):add"),
    "with what it is made of": (lambda m, x: (y := m["one"](x)) + F.relu(y), "(model):add"),
    "an activation of no Gaussian": (lambda m, x: F.tanh(F.relu(m["one"](x))), "(model):tanh"),
    "a softmax": (lambda m, x: m["one"](x).softmax(-1), "(model):softmax"),
    "behind dropout at work": (lambda m, x: m["two"](F.dropout(m["one"](x), 0.5, True)), "layers.two:linear"),
}


@pytest.mark.parametrize(("forward", "label"), UNKNOWN.values(), ids=UNKNOWN)
def test_nothing_is_expected_where_there_is_no_theory(forward, label):
    assert np.isnan(ratios(lambda: Function(forward, **affine()), rows(), seeds=1)[label]).all()


def test_nothing_is_expected_of_weights_that_add_up():
    found = ratios(lambda: nn.Sequential(nn.Linear(WIDTH, WIDTH)), rows(), init="constant(value=0.1)", seeds=1)
    assert np.isnan(found["0:linear"]).all()


def test_nothing_is_expected_of_a_batch_norm_that_keeps_other_statistics():
    make = lambda: nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.BatchNorm1d(WIDTH))
    assert np.isnan(ratios(make, rows(), seeds=1, training=False)["1:batch_norm"]).all()


def test_nothing_is_expected_of_a_norm_that_its_epsilon_rules():
    make = lambda: nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.LayerNorm(WIDTH))
    assert np.isnan(ratios(make, 1e-3 * rows(), seeds=1)["1:layer_norm"]).all()
