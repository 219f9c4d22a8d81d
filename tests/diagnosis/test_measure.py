"""What is measured: known truths of deep networks, and the program for many against one after the other."""

from dataclasses import fields

import numpy as np
import pytest
import torch
from torch import nn

from goldilocks.engine.device import choose_device
from goldilocks.engine.diagnosis.initialization import apply
from goldilocks.engine.diagnosis.measure import measure
from goldilocks.engine.diagnosis.measurement import Signal
from goldilocks.engine.diagnosis.specimen import Specimen
from goldilocks.engine.errors import RequestError
from tests.diagnosis import zoo

SIGNAL = [field.name for field in fields(Signal)]
INITS = ["as_is", "torch_default+depth_scaled"]


@pytest.mark.parametrize("name", zoo.NETWORKS)
def test_many_at_once_are_one_after_the_other(name):
    specimen = zoo.NETWORKS[name]
    together, alone = (measure(specimen, INITS, [0, 1], method=method) for method in ("vmap", "loop"))
    assert together.cost.method == "vmap"
    assert together.configurations == alone.configurations
    for quantity in SIGNAL:
        ours, theirs = getattr(together.signal, quantity), getattr(alone.signal, quantity)
        # Relative to the size of the values: what is added up in another order differs in the last digits of these.
        size = np.nan_to_num(alone.signal.rms if quantity in ("mean", "minimum", "maximum") else np.abs(theirs))
        assert np.array_equal(np.isnan(ours), np.isnan(theirs)), quantity
        assert (np.nan_to_num(np.abs(ours - theirs)) <= 1e-5 * size + 1e-7).all(), quantity
    assert together.first_loss == pytest.approx(alone.first_loss, rel=1e-5)
    assert together.weights.grad_rms == pytest.approx(alone.weights.grad_rms, rel=1e-4, abs=1e-7, nan_ok=True)


def chain(depth, width, activation, norm=False, inputs=64, bias=True):
    def make():
        layers = [nn.Linear(inputs, width, bias), activation()]
        for _ in range(depth):
            layers += [nn.Linear(width, width, bias), *([nn.BatchNorm1d(width)] if norm else []), activation()]
        return nn.Sequential(*layers, nn.Linear(width, 10))

    return make


def per_layer(found, quantity, init):
    """Return the mean factor from one activation to the next in execution order."""
    places = [site.index for site in found.sites if site.kind == "activation"]
    values = getattr(found.signal, quantity)[found.rows(init)][:, places]
    return float(np.exp(np.log(values[:, -1] / values[:, 0]).mean() / (len(places) - 1)))


@pytest.mark.essential("a known truth")
def test_twenty_rectified_layers_by_default_lose_a_factor_of_root_six_each():
    # Without biases, which would hold up a signal that has all but vanished.
    specimen = Specimen(chain(20, 256, nn.ReLU, bias=False), (torch.randn(128, 64),), classes=10)
    found = measure(specimen, ["default", "kaiming"], range(4))
    assert per_layer(found, "rms", "default") == pytest.approx(6**-0.5, rel=0.03)
    assert per_layer(found, "std", "default") == pytest.approx(6**-0.5, rel=0.05)
    assert per_layer(found, "grad_rms", "default") == pytest.approx(6**0.5, rel=0.03)
    assert per_layer(found, "rms", "kaiming") == pytest.approx(1, rel=0.03)
    assert per_layer(found, "grad_rms", "kaiming") == pytest.approx(1, rel=0.03)


@pytest.mark.essential("a known truth")
def test_batch_norm_with_rectifiers_blows_gradients_up_by_a_known_factor():
    specimen = Specimen(chain(12, 512, nn.ReLU, norm=True), (torch.randn(512, 64),), classes=10)
    found = measure(specimen, ["kaiming"], [0, 1], method="loop")
    gradient = found.signal.grad_rms[:, [site.index for site in found.sites if site.kind == "activation"]]
    growth = np.exp(np.log(gradient[:, 1] / gradient[:, -1]).mean() / 11)
    # √(π/(π − 1)), Yang et al. 2019.
    assert float(growth) == pytest.approx((np.pi / (np.pi - 1)) ** 0.5, rel=0.02)


def test_statistics_are_those_of_the_values_that_leave_a_site():
    model = zoo.Plain()
    x = zoo.numbers(8, 20)
    found = measure(Specimen(lambda: model, (x,), classes=10), ["as_is"], [0], method="vmap")
    values = x
    for layer in model.layers[:3]:
        values = torch.relu(layer(values))
    values = values.detach().double().numpy()
    place = [site.index for site in found.sites if site.kind == "activation"][2]
    signal = {name: getattr(found.signal, name)[0, place] for name in SIGNAL}
    assert signal["mean"] == pytest.approx(values.mean(), rel=1e-5)
    assert signal["std"] == pytest.approx(values.std(), rel=1e-5)
    assert signal["rms"] == pytest.approx(np.sqrt((values**2).mean()), rel=1e-5)
    assert (signal["minimum"], signal["maximum"]) == (0, pytest.approx(values.max(), rel=1e-6))
    assert signal["frac_zero"] == pytest.approx((values == 0).mean())
    assert signal["frac_dead_units"] == pytest.approx((values == 0).all(0).mean())
    assert signal["unit_std"] == pytest.approx(np.sqrt(values.var(1).mean()), rel=1e-5)
    cosines = np.corrcoef(values)
    assert signal["similarity"] == pytest.approx(cosines[np.triu_indices(8, 1)].mean(), rel=1e-4)


def test_the_gradient_at_a_site_is_that_of_automatic_differentiation():
    model = zoo.Plain()
    x, target = zoo.numbers(8, 20), torch.arange(8) % 10
    found = measure(Specimen(lambda: model, (x,), classes=10, target=target), ["as_is"], [0], method="vmap")
    kept, values = [], x
    for layer in model.layers:
        values = torch.relu(layer(values))
        values.retain_grad()
        kept.append(values)
    nn.functional.cross_entropy(model.head(values), target).backward()
    places = [site.index for site in found.sites if site.kind == "activation"]
    wanted = [float(value.grad.double().square().mean().sqrt()) for value in kept]
    assert found.signal.grad_rms[0, places] == pytest.approx(wanted, rel=1e-5)
    weight = next(n for n, p in enumerate(found.parameters) if p.name == "layers.2.weight")
    gradient = model.layers[2].weight.grad.double()
    assert found.weights.grad_rms[0, weight] == pytest.approx(float(gradient.square().mean().sqrt()), rel=1e-5)


def test_saturation_is_measured_before_the_activation():
    specimen = Specimen(chain(2, 64, nn.Tanh), (50 * torch.randn(32, 64),), classes=10)
    found = measure(specimen, ["xavier"], [0])
    first, *_, last = [site.index for site in found.sites if site.kind == "activation"]
    assert found.signal.frac_saturated[0, first] > 0.9
    assert found.signal.frac_saturated[0, last] < 0.3
    assert np.isnan(found.signal.frac_saturated[0, 0])


def test_units_that_begin_equal_are_found():
    specimen = Specimen(chain(2, 64, nn.Tanh), (torch.randn(32, 64),), classes=10)
    found = measure(specimen, ["constant(value=0.1)", "xavier"], [0])
    place = next(n for n, p in enumerate(found.parameters) if p.name == "2.weight")
    assert found.weights.equal_units[:, place].tolist() == [1, 0]


def test_where_vmap_cannot_go_the_loop_does_and_says_so():
    class Asking(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.head = nn.Linear(20, 16), nn.Linear(16, 10)

        def forward(self, x):
            y = torch.relu(self.first(x))
            return self.head(y if y.mean().item() > 1e9 else 2 * y)

    found = measure(Specimen(Asking, (zoo.numbers(8, 20),), classes=10), ["as_is", "kaiming"], [0, 1])
    assert found.cost.method == "loop"
    assert "item" in found.cost.reason
    assert np.isfinite(found.signal.rms).all()
    with pytest.raises(RequestError, match="vmap cannot run"):
        measure(Specimen(Asking, (zoo.numbers(8, 20),), classes=10), ["as_is", "kaiming"], [0], method="vmap")


def test_large_products_are_done_one_after_the_other():
    specimen = Specimen(chain(1, 1024, nn.ReLU), (torch.randn(256, 64),), classes=10)
    found = measure(specimen, ["as_is", "kaiming"], [0])
    assert found.cost.method == "loop"
    assert "operations per site" in found.cost.reason


def test_nothing_is_dropped():
    def make():
        return nn.Sequential(nn.Linear(20, 64), nn.Dropout(0.5), nn.Linear(64, 10))

    found = measure(Specimen(make, (zoo.numbers(8, 20),), classes=10), ["lsuv"], [0])
    last = found.sites[-1].index
    assert found.signal.std[0, last] == pytest.approx(1, rel=1e-5)
    assert found.signal.frac_zero[0, last] == 0


def test_what_is_not_finite_is_a_result():
    specimen = Specimen(chain(6, 64, nn.ReLU), (torch.randn(32, 64),), classes=10)
    found = measure(specimen, ["constant(value=1e20)"], [0])
    last = [site.index for site in found.sites if site.kind == "activation"][-1]
    assert found.signal.nonfinite[0, last] > 0
    assert not np.isfinite(found.first_loss[0])


def test_schemes_of_a_family_are_compared_on_the_same_draws():
    specimen = Specimen(chain(3, 64, nn.ReLU), (torch.randn(32, 64),), classes=10)
    found = measure(specimen, ["kaiming", "xavier"], [0, 1])
    first = next(site.index for site in found.sites if site.kind == "affine")
    ratio = found.signal.rms[found.rows("kaiming"), first] / found.signal.rms[found.rows("xavier"), first]
    assert ratio == pytest.approx(2**0.5, rel=1e-5)


@pytest.mark.parametrize(
    ("specimen", "said"),
    [
        (Specimen(zoo.Plain, (zoo.numbers(8, 19),), classes=10), r"layers\.0 \(Linear\).*The batch is 8x19"),
        (Specimen(zoo.Plain, (zoo.numbers(8, 20),), classes=7), "no axis has 7 entries"),
        (Specimen(zoo.Plain, (zoo.numbers(8, 20),), classes=10, target=torch.zeros(3).long()), "3 targets"),
        (Specimen(zoo.Plain, (zoo.numbers(8, 20),), loss=lambda output, target: output), "one entry"),
        (
            Specimen(zoo.Plain, (zoo.numbers(8, 20),), classes=10, target=torch.full((8,), 10)),
            "the target holds 10; 10",
        ),
        (
            Specimen(zoo.Plain, (zoo.numbers(8, 20),), classes=10, target=torch.zeros(8)),
            "integers as target, not .*float32",
        ),
        (Specimen(zoo.Plain, (zoo.numbers(8, 20),), classes=10, target=[0] * 8), "integers as target, not a list"),
        (Specimen(zoo.Plain, (zoo.numbers(8, 20),), target=[0] * 8), "must be a tensor, not a list"),
        (
            Specimen(zoo.Plain, (zoo.numbers(8, 20),), loss=lambda output: output.sum()),
            r"the loss raises TypeError.*loss\(output, t",
        ),
        (
            Specimen(zoo.Plain, (zoo.numbers(8, 20),), loss=lambda output, target: output @ target),
            "the loss raises TypeErr",
        ),
    ],
)
def test_what_cannot_be_measured_is_refused_with_a_sentence(specimen, said):
    with pytest.raises(RequestError, match=said):
        measure(specimen, ["as_is"], [0])


@pytest.mark.parametrize("method", ["vmap", "loop"])
def test_a_row_whose_target_is_ignored_does_not_count(method):
    def loss_with(target):
        specimen = Specimen(zoo.Plain, (zoo.numbers(8, 20),), classes=10, target=target)
        return measure(specimen, ["kaiming"], [0, 1], method=method).first_loss

    some = torch.arange(8, dtype=torch.int32)
    ignoring = torch.where(some < 4, some, -100)
    logits = Specimen(lambda: zoo.Plain(), (zoo.numbers(8, 20)[:4],), classes=10, target=some[:4])
    assert loss_with(ignoring) == pytest.approx(measure(logits, ["kaiming"], [0, 1]).first_loss, rel=1e-5)
    assert not np.allclose(loss_with(ignoring), loss_with(some))


def test_what_fails_on_the_way_back_is_refused_with_a_sentence():
    class Backless(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x.clone()

        @staticmethod
        def backward(ctx, gradient):
            raise ZeroDivisionError("no way back")

    class Network(nn.Module):
        def __init__(self):
            super().__init__()
            self.head = nn.Linear(20, 10)

        def forward(self, x):
            return Backless.apply(self.head(x))

    with pytest.raises(RequestError, match="the backward pass fails: ZeroDivisionError: no way back"):
        measure(Specimen(Network, (zoo.numbers(8, 20),), classes=10), ["as_is"], [0])


def counting(make):
    calls = []

    def counted():
        calls.append(torch.initial_seed())
        return make(len(calls), calls[-1])

    return counted, calls


def fails_later(call, seed):
    if call > 2:
        raise KeyError("third")
    return zoo.Plain()


def exits_later(call, seed):
    if call > 2:
        raise SystemExit(2)
    return zoo.Plain()


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (fails_later, "under seed 0 the factory raises KeyError: 'third'"),
        (exits_later, "under seed 0 the factory raises SystemExit: 2"),
        (
            lambda call, seed: zoo.Plain(depth=3 + seed),
            "another network under seed 1: layers.3.weight has .* no such tensor",
        ),
        (
            lambda call, seed: zoo.Plain(width=16 + seed),
            r"under seed 1: layers.0.weight has the shape \[17, 20\] there",
        ),
    ],
)
def test_a_factory_that_makes_another_network_later_is_refused_with_a_sentence(make, said):
    specimen = Specimen(counting(make)[0], (zoo.numbers(8, 20),), classes=10)
    with pytest.raises(RequestError, match=said):
        measure(specimen, ["as_is", "kaiming"], [0, 1])


def test_the_factory_is_called_once_per_seed_and_not_once_per_initialization():
    make, calls = counting(lambda call, seed: zoo.Plain())
    measure(Specimen(make, (zoo.numbers(8, 20),), classes=10), ["as_is", "kaiming", "xavier"], [5, 6, 7])
    # Once for the trace, and once for the copy that is measured.
    assert calls == [5, 5, 5, 6, 7]


class Overwriting(nn.Module):
    """Activations in place, and goes on with what they changed."""

    def __init__(self, returned):
        super().__init__()
        self.first, self.second, self.head = nn.Linear(20, 16), nn.Linear(16, 16), nn.Linear(16, 10)
        self.returned = returned

    def forward(self, x):
        h = self.first(x)
        changed = nn.functional.relu(h, inplace=True)
        return self.head(self.second(changed if self.returned else h))


@pytest.mark.parametrize("method", ["vmap", "loop"])
def test_where_an_activation_in_place_loses_its_tap_it_is_said_and_no_gradient_is_made_up(method):
    kept, lost = (
        measure(
            Specimen(lambda way=way: Overwriting(way), (zoo.numbers(8, 20),), classes=10),
            ["kaiming"],
            [0, 1],
            method=method,
        )
        for way in (True, False)
    )
    place = next(site.index for site in lost.sites if site.kind == "activation")
    assert kept.remarks == ()
    assert (kept.signal.grad_rms[:, place] > 0).all()
    assert lost.remarks == (
        f"The gradient is not measured at {lost.sites[place].label}: what the operation returns is not used, but the "
        "tensor that it changes in place.",
    )
    assert np.isnan(lost.signal.grad_rms[:, place]).all()
    assert lost.sites[place].connected
    others = [site.index for site in lost.sites if site.index != place]
    assert lost.signal.grad_rms[:, others] == pytest.approx(kept.signal.grad_rms[:, others], rel=1e-6, nan_ok=True)


class Raindrop(nn.Module):
    """Neither it nor what it calls a drop drops anything; its parts do."""

    def __init__(self):
        super().__init__()
        self.raindrop_size, self.attn_dropout = 0.5, 0.5
        self.path, self.head = DropPath(), nn.Linear(20, 10)

    def forward(self, x):
        assert self.training
        return self.head(nn.functional.dropout(self.path(x), self.attn_dropout) * self.raindrop_size)


class DropPath(nn.Module):
    def forward(self, x):
        return x * torch.rand(len(x), 1).round() if self.training else x


def test_a_network_with_drop_in_its_name_stays_in_training_and_what_drops_does_not_drop():
    found = measure(Specimen(Raindrop, (torch.ones(8, 20),), classes=10), ["as_is"], [0])
    head = next(site.index for site in found.sites if site.name == "head")
    model = Raindrop()
    model.load_state_dict(apply(Specimen(Raindrop), "as_is").state_dict())
    assert found.signal.mean[0, head] == pytest.approx(
        float(model.head(torch.full((1, 20), 0.5)).detach().mean()), rel=1e-5
    )


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_the_peak_of_memory_is_that_of_the_measurement():
    device = choose_device("cuda")
    torch.empty(2**30, device=device.torch_device).add(1)
    specimen = Specimen(zoo.Plain, (zoo.numbers(8, 20),), classes=10)
    assert measure(specimen, ["as_is"], [0], device).cost.peak_bytes < 2**30
