"""An overflow is what float32 does: values are results up to its end, and statistics of finite values are finite."""

import math

import numpy as np
import pytest

from goldilocks.engine.studies.propagation import Propagation, PropagationCell
from goldilocks.store import tables
from tests.device import DEVICE

LARGEST = float(np.finfo(np.float32).max)
# A single narrow network strays from the mean of all by as much, over dozens of layers.
SCATTER = 1e3
FORWARD = ["mean", "std", "rms", "min", "max", "unit_std", "preact_std"]


def measured(width, depth):
    """Return the layers of a ReLU network with the notes' slip, whose std grows by width/2 per layer."""
    cell = PropagationCell(init="kaiming_slip", activation="relu", width=width, depth=depth, batch_size=8)
    outcome = Propagation().run([cell], DEVICE, lambda share: None)
    layers = tables.conform("layers", outcome.tables["layers"]).to_pandas().set_index("layer")
    return layers, outcome.diverged


@pytest.mark.parametrize("width", [32, 100, 333])
def test_the_slip_overflows_where_float32_ends_and_not_where_its_squares_do(width):
    depth = math.ceil(math.log(LARGEST * SCATTER**2) / math.log(width / 2))
    layers, diverged = measured(width, depth)
    expected = (width / 2.0) ** layers.index.to_numpy(np.float64)
    inside, beyond = expected < LARGEST / SCATTER, expected > LARGEST * SCATTER
    # Squares overflow in half as many layers as values do.
    assert inside.sum() > 0.7 * depth
    assert np.isfinite(layers.loc[inside, FORWARD]).all().all()
    ratio = layers.loc[inside, "std"] / expected[inside]
    assert ratio.between(1 / SCATTER, SCATTER).all()
    assert beyond.any()
    assert not np.isfinite(layers.loc[beyond, ["std", "rms", "max"]]).any().any()
    assert diverged == [True]
    # What theory predicts there fits into the store.
    assert np.isfinite(layers["theory_std"]).all()
    assert layers["theory_std"].iloc[-1] > LARGEST


@pytest.mark.parametrize("width", [32, 100, 333])
def test_a_network_whose_squares_overflow_has_not_diverged(width):
    depth = math.floor(math.log(LARGEST / SCATTER) / math.log(width / 2))
    layers, diverged = measured(width, depth)
    assert layers["std"].iloc[-1] > 1e20
    assert np.isfinite(layers.drop(columns="cell_id").astype(float)).all().all()
    assert diverged == [False]
