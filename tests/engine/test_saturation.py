"""Saturated means flat and at an end of the function, by one definition for every activation."""

import math
import re
from pathlib import Path

import pytest
import torch

from goldilocks.engine.activations.base import Activation, activations, largest_slope
from goldilocks.engine.saturation import FLAT, Ends, ends, saturated
from goldilocks.engine.studies.propagation import Propagation, PropagationCell
from goldilocks.store.schema import migrate
from tests.device import DEVICE
from tests.engine.members import ACTIVATIONS

SLOPES = (0.2, -0.5, 1e-6, 0)
OTHERS = [activations.parse(text) for text in (*(f"leaky_relu(slope={slope})" for slope in SLOPES), "elu(alpha=0.3)")]
# Stationary points, and the z at which they lie.
EXTREMA = {"gelu": -0.7518, "silu": -1.2785, "mish": -1.1924, "hardswish": -1.5, "sin": math.pi / 2}


class Stretched(Activation):
    """A tanh that turns over a hundred times later, and a tenth as high."""

    name = "stretched"

    def __call__(self, z):
        return 0.1 * torch.tanh((z - 3) / 100)


class Bump(Activation):
    """A function that has a limit on both sides and an extremum between them."""

    name = "bump"

    def __call__(self, z):
        return torch.exp(-z * z / 2)


def plain(activation, z):
    """Return which points of a wide ascending grid are saturated, from the definition alone."""
    flat = activation.slope_at(z).abs() < FLAT * largest_slope(activation)
    far = torch.tensor([1e9, 3e9, 7e10], dtype=z.dtype)
    settles = [float(activation(sign * far).diff().abs().max()) < 1e-3 for sign in (-1, 1)]
    below, above = flat.int().cumprod(0).bool(), flat.int().flip(0).cumprod(0).flip(0).bool()
    return (below & settles[0]) | (above & settles[1])


@pytest.mark.parametrize("activation", [*ACTIVATIONS, *OTHERS, Stretched(), Bump()], ids=str)
def test_saturated_is_flat_from_there_to_a_limit(activation):
    z = torch.linspace(-1000, 1000, 200_001, dtype=torch.float64)
    found = ends(activation)
    near = torch.isclose(z, torch.tensor(found.low).double(), atol=0.02) | torch.isclose(
        z, torch.tensor(found.high).double(), atol=0.02
    )
    ours = saturated(z[None, :, None], torch.tensor([found.low]), torch.tensor([found.high]))[0, :, 0]
    assert torch.equal(ours[~near], plain(activation, z)[~near])


@pytest.mark.parametrize(("name", "z"), EXTREMA.items())
def test_an_extremum_is_no_end(name, z):
    activation = activations.parse(name)
    assert abs(float(activation.slope_at(torch.tensor([z])))) < 1e-3
    assert ends(activation).low < z < ends(activation).high


@pytest.mark.parametrize("slope", [1, 0.2, 0.01, 1e-6, -0.01, -1])
def test_a_leak_never_saturates(slope):
    assert ends(activations.parse(f"leaky_relu(slope={slope})")) == Ends(-math.inf, math.inf)


def test_a_rectifier_saturates_at_zero_and_tanh_where_it_is_usually_drawn():
    relu, tanh = (activations.parse(name) for name in ("relu", "tanh"))
    assert ends(relu) == Ends(0, math.inf)
    assert ends(relu).share == 0.5
    assert math.tanh(ends(tanh).high) == pytest.approx(0.97, abs=1e-4)
    assert ends(tanh).low == -ends(tanh).high
    assert ends(activations.parse("hardtanh")) == Ends(-1, 1)


def test_a_healthy_network_saturates_the_share_of_a_standard_normal():
    """The first layer's pre-activations are N(0, 1) in a network with Xavier."""
    sizes = {"width": 512, "depth": 1, "batch_size": 64}
    cells = [PropagationCell(init="xavier", activation=activation, seed=0, **sizes) for activation in ACTIVATIONS]
    layers = Propagation().run(cells, DEVICE, lambda share: None).tables["layers"].to_pandas().set_index("cell_id")
    # Inputs of 512 entries have lengths within 4/√(2·512) of 1, and a unit's share moves with the length.
    for cell in cells:
        measured = layers.loc[cell.cell_id, "frac_saturated"]
        assert measured == pytest.approx(ends(cell.activation).share, abs=0.01), cell.activation


def test_the_stored_threshold_is_the_one_in_use():
    schema = (Path(migrate.FOLDER) / "thresholds.sql").read_text()
    assert float(re.search(r"\('saturation', ([\d.]+),", schema)[1]) == FLAT
