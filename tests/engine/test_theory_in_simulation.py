"""Every prediction beside its measurement, over the registries: means within the stated band, scatter as wide as it."""

import numpy as np
import pandas as pd
import pytest

from goldilocks.engine.networks.mlp import Mlp
from goldilocks.engine.normalizations import normalizations
from goldilocks.engine.studies.propagation import Propagation, PropagationCell
from tests.device import DEVICE
from tests.engine.members import ACTIVATIONS, INITIALIZERS, NORMALIZATIONS
from tests.pairs import in_rounds

WIDTH, DEPTH, BATCH, SEEDS = 256, 4, 16, 8
# How many initializers stand beside each activation without the thorough cases.
ROUNDS = 4
EVERY_PAIR = pytest.param(None, marks=pytest.mark.thorough("every initializer and every activation is in the rounds"))
# Relative bias at finite width, per layer passed and in units of 1/width.
BIAS = 2.0
# Weights drawn one by one; orthogonal ones scatter less than their band.
INDEPENDENT = [i for i in INITIALIZERS if i.centred and i.family != "orthogonal"]
PREDICTIONS = {"std": ("theory_std", "theory_std_band"), "grad_rms": ("theory_grad_rms", "theory_grad_band")}


def paired(inits, rounds=None):
    """Return every initializer beside every activation, or beside so many of them, others for each."""
    pairs = [(init, activation) for activation, init in in_rounds(ACTIVATIONS, inits)]
    return pairs[: rounds and rounds * len(ACTIVATIONS)]


def measure(pairs, norm, seeds=SEEDS):
    """Return one row per cell and layer, with the names of initializer and activation."""
    rows = []
    for seed in range(seeds):
        cells = {
            cell.cell_id: cell
            for init, activation in pairs
            if init.refusal(activation) is None
            for cell in [
                PropagationCell(
                    init=init, activation=activation, norm=norm, width=WIDTH, depth=DEPTH, batch_size=BATCH, seed=seed
                )
            ]
        }
        table = Propagation().run(list(cells.values()), DEVICE, lambda share: None).tables["layers"]
        layers = table.to_pandas()
        layers["init"] = [str(cells[cell].init) for cell in layers.cell_id]
        layers["activation"] = [str(cells[cell].activation) for cell in layers.cell_id]
        rows.append(layers)
    return pd.concat(rows)


@pytest.fixture(scope="module", params=[ROUNDS, EVERY_PAIR])
def plain(request):
    return measure(paired(INDEPENDENT, request.param), "none")


def disagreements(layers, seeds=SEEDS):
    """Return what lies outside: seed means beyond four standard errors of the band and the bias of finite width."""
    found = []
    for measured, (theory, band) in PREDICTIONS.items():
        for (init, activation, layer), group in layers.groupby(["init", "activation", "layer"]):
            predicted = group[theory].to_numpy(np.float64)
            deviation = group[measured].to_numpy(np.float64) - predicted
            passed = layer if measured == "std" else DEPTH - layer + 1
            # Where nothing is random there is no band; float32 rounds.
            relative = 4 * group[band].fillna(0.0).mean() / seeds**0.5 + BIAS * passed / WIDTH
            if not abs(deviation.mean()) <= relative * predicted.mean() + 1e-6:
                found.append((measured, init, activation, layer, deviation.mean() / predicted.mean(), relative))
    return found


@pytest.mark.essential("theory against networks")
def test_initializers_and_activations_agree_with_their_predictions(plain):
    assert plain[["theory_std", "theory_grad_rms"]].notna().all().all()
    random = plain[plain.init != "zeros"]
    assert random[["theory_std_band", "theory_grad_band"]].notna().all().all()
    assert (plain.init.nunique(), plain.activation.nunique()) == (len(INDEPENDENT), len(ACTIVATIONS))
    assert not disagreements(plain)


@pytest.mark.parametrize("column", ["std", "grad_rms"])
def test_the_scatter_from_seed_to_seed_is_the_band(plain, column):
    theory, band = PREDICTIONS[column]
    for activation, group in plain[plain.init != "zeros"].groupby("activation"):
        ratio = group[column] / group[theory]
        cells = ratio.groupby([group.init, group.layer])
        scatter = np.sqrt((cells.var() / group.groupby(["init", "layer"])[band].mean() ** 2).median())
        # Over eight seeds a standard deviation is uncertain by a quarter, and all cells share their draws.
        assert 0.5 < scatter < 1.7, activation


@pytest.mark.parametrize("rounds", [1, EVERY_PAIR])
@pytest.mark.parametrize("norm", [norm for norm in NORMALIZATIONS if not norm.absent], ids=str)
def test_normalized_networks_agree_with_their_prediction_too(norm, rounds):
    inits = [i for i in INDEPENDENT if i.name in ("xavier", "kaiming_uniform", "torch_default", "critical")]
    layers = measure(paired(inits, rounds), norm)
    assert layers[["theory_std", "theory_std_band", "theory_grad_rms", "theory_grad_band"]].notna().all().all()
    assert not disagreements(layers)


@pytest.mark.parametrize("name", ["orthogonal", "lsuv"])
def test_orthogonal_weights_agree_as_well_and_scatter_less(name):
    layers = measure(paired([i for i in INITIALIZERS if i.name == name])[::3], "none")
    assert not disagreements(layers)


def test_where_there_is_no_prediction_the_card_says_so():
    for init in INITIALIZERS:
        cell = PropagationCell(init=init, activation="tanh", width=8, depth=2, batch_size=4)
        layers = Propagation().run([cell], DEVICE, lambda share: None).tables["layers"].to_pandas()
        assert layers.theory_std.notna().all() == init.centred
        assert ("no prediction" in init.card.notes) == (not init.centred)
    for norm in NORMALIZATIONS:
        known = norm.absent or norm.sphere(BATCH, WIDTH) is not None
        assert known or "no prediction" in norm.card.notes
    assert "prediction" in normalizations["batch"].card.notes


@pytest.mark.parametrize("prepared", ["raw", "center", "standardize"])
def test_real_inputs_are_predicted_from_their_lengths_and_likeness(prepared):
    seeds, deviations = 6, []
    for seed in range(seeds):
        cells = [
            PropagationCell(
                network=Mlp(), dataset="digits", preprocessing=prepared, init="kaiming", activation=activation,
                width=512, depth=2, batch_size=64, seed=seed,
            )
            for activation in ("tanh", "sigmoid", "relu")
        ]  # fmt: skip
        table = Propagation().run(cells, DEVICE, lambda share: None).tables["layers"].to_pandas()
        deviations.append((table["std"] / table["theory_std"] - 1).to_numpy(np.float64))
        bands = table["theory_std_band"].to_numpy()
    # Groups of examples of similar length stand for each example.
    assert (np.abs(np.mean(deviations, 0)) < 4 * bands / seeds**0.5 + 0.01).all()
