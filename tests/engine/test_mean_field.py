"""The studies of deep plain and deep normalized networks: theory beside what simulated networks do."""

from math import inf

import numpy as np
import pandas as pd
import pytest

from goldilocks.engine.activations import activations
from goldilocks.engine.errors import RequestError
from goldilocks.engine.grid.spec import Grid
from goldilocks.engine.normalizations import normalizations
from goldilocks.engine.signal.correlated_inputs import ALIKE, simulate
from goldilocks.engine.studies import studies
from goldilocks.engine.theory.correlation import correlation_map
from goldilocks.engine.theory.criticality import phase
from goldilocks.engine.theory.length_map import LengthMap
from tests.device import DEVICE


def run(text):
    """Run a one-study grid and return its measurements, with init, activation and norm of each cell."""
    grid = Grid.from_toml(f"[[study]]\n{text}")
    study = studies.parse(grid.cells[0].study)
    groups = {}
    for cell in grid.cells:
        groups.setdefault(study.group_key(cell), []).append(cell)
    outcomes = [study.run(group, DEVICE, lambda share: None) for group in groups.values()]
    table = pd.concat(outcome.tables["measurements"].to_pandas() for outcome in outcomes)
    known = {quantity.name for quantity in study.quantities}
    assert set(table.quantity) <= known
    return table.merge(pd.DataFrame([cell.row() for cell in grid.cells])), outcomes


PLANE = """kind = "mean_field"
init = "mean_field(weight_variance=[0.5, 1, 1.5], bias_variance=[0.05, 0.2])"
activation = ["tanh", "relu", "gelu", "sigmoid"]
"""


def test_the_plane_in_theory_is_the_phase_of_each_point():
    table, _ = run(PLANE)
    assert len(table.cell_id.unique()) == 3 * 2 * 4
    values = table.pivot(index=["activation", "init"], columns="quantity", values="value")
    for (name, _), row in values.iterrows():
        found = phase(activations.parse(name), float(row.weight_variance), float(row.bias_variance))
        assert (row.q_star, row.chi, row.depth_c, row.c_star) == pytest.approx(
            (found.q, found.chi, found.depth_c, found.c), rel=1e-6
        )


def test_every_fixed_point_is_written_down_and_what_does_not_exist_has_no_row():
    table, _ = run(
        'kind = "mean_field"\ninit = ["mean_field(weight_variance=2.25)", "mean_field(weight_variance=0.5)"]\n'
        'activation = ["gelu", "tanh", "relu"]\nsimulate = true\nwidth = 32\ndepth = 8\nbatch_size = 8'
    )
    fates = table[(table.quantity == "fixed_point") & table.init.str.contains("2.25") & (table.activation == "gelu")]
    assert fates.sort_values("position")[["position", "part"]].to_numpy().tolist() == [
        [1, "attracts"], [2, "repels"], [3, "attracts"],
    ]  # fmt: skip
    assert fates.value.tolist() == [0, pytest.approx(1.4018, abs=1e-4), inf]
    alphas = table[table.quantity == "fixed_point_alpha"]
    assert len(alphas) == (table.quantity == "fixed_point").sum()
    star = table[(table.quantity == "q_star") & (table.part == "theory")].set_index("cell_id").value
    settled = star[(star > 0) & (star < inf)].index
    # Three signals die out, and those of GELU and ReLU explode: for tanh alone there is something to converge to.
    assert len(settled) == 1
    assert set(table[table.quantity.isin(["depth_c", "c_star"])].cell_id) == set(settled)
    first = table[table.quantity == "q_first"].set_index("init").value
    assert first["mean_field(weight_variance=2.25)"].to_numpy() == pytest.approx(2.25)


def test_simulated_networks_sit_where_theory_says():
    table, outcomes = run(PLANE + "simulate = true\nwidth = 300\ndepth = 30\nbatch_size = 32")
    assert not any(flag for outcome in outcomes for flag in outcome.diverged)
    values = table[table.position.isna()].pivot_table(
        index=["activation", "init"], columns=["quantity", "part"], values="value"
    )
    for quantity, tolerance in (("q_star", 0.1), ("chi", 0.1), ("c_star", 0.05), ("depth_c", 0.25)):
        ratio = values[quantity, "measured"] / values[quantity, "theory"]
        # Close to the edge of chaos thirty layers are too few to see a decay.
        clear = values["depth_c", "theory"] < 6
        assert (ratio[clear] - 1).abs().max() < tolerance, quantity
        assert clear.sum() >= 18
    curves = table[table.quantity == "length"].pivot(index=["activation", "init"], columns="position", values="value")
    assert list(curves.columns) == list(range(1, 31))


NORMALIZED = ("layer", "rms", "group(groups=2)")


def path(layer, depth):
    """Return q and the correlations of inputs that start out unlike and alike, in theory `[3, layer]`."""
    q = layer.weight_variance + layer.bias_variance
    unlike, alike = (share * layer.weight_variance / q + layer.bias_variance / q for share in (0, ALIKE))
    states = [(q, unlike, alike)]
    for _ in range(depth - 1):
        q, *pairs = states[-1]
        products = (correlation_map(layer.activation, layer.seen(q), c) for c in pairs)
        states.append((layer(q), *((layer.weight_variance * p + layer.bias_variance) / layer(q) for p in products)))
    return np.array(states).T


@pytest.mark.parametrize("name", ["tanh", "gelu"])
def test_correlations_behind_normalizations_follow_the_map_from_layer_to_layer(name):
    """At points in order and in chaos, and where weights are so small that eps matters."""
    activation, width, depth, seeds = activations.parse(name), 256, 5, 4
    points = [(1.5, 0.2), (4.0, 0.1), (2e-5, 0.0)]
    expected = [path(LengthMap(activation, *point, 1e-5), depth) for point in points]
    for norm in map(normalizations.parse, NORMALIZED):
        networks = [simulate(points, activation, norm, (8, depth, width), seed, DEVICE) for seed in range(seeds)]
        for place, theory in enumerate(expected):
            found = np.array([(one[place].lengths, one[place].unlike, one[place].alike) for one in networks])
            size = np.stack([theory[0], np.ones(depth), np.ones(depth)])
            error = found.std(0, ddof=1) / seeds**0.5
            # Beyond the scatter, what is of order 1/width.
            assert (np.abs(found.mean(0) - theory) < 5 * error + 10 / width * size).all(), (norm, points[place])


@pytest.mark.parametrize("norm", NORMALIZED)
def test_simulated_networks_with_a_normalization_sit_where_theory_says(norm):
    table, _ = run(
        'kind = "mean_field"\ninit = "mean_field(weight_variance=[0.5, 4], bias_variance=[0.05, 0.5])"\n'
        f'activation = ["sin", "erf"]\nnorm = "{norm}"\nsimulate = true\nwidth = 300\ndepth = 20\n'
        "batch_size = 32"
    )
    values = table[table.position.isna()].pivot_table(
        index=["activation", "init"], columns=["quantity", "part"], values="value"
    )
    for quantity in ("q_star", "chi"):
        assert (values[quantity, "measured"] / values[quantity, "theory"] - 1).abs().max() < 0.1, quantity
    # A correlation of one network scatters by 1/√width.
    assert (values["c_star", "measured"] - values["c_star", "theory"]).abs().max() < 4 / 300**0.5
    # In chaos that of one network says little.
    clear = (values["depth_c", "theory"] < 6) & (values["chi", "theory"] < 1)
    ratio = values["depth_c", "measured"] / values["depth_c", "theory"]
    assert (ratio[clear] - 1).abs().max() < 0.25
    assert clear.sum() == 2


def test_in_chaos_inputs_settle_at_the_predicted_correlation():
    table, _ = run(
        'kind = "mean_field"\ninit = "mean_field(weight_variance=4, bias_variance=0.1)"\n'
        'activation = ["tanh", "erf", "hardtanh"]\nsimulate = true\nwidth = 400\ndepth = 40'
    )
    values = table[table.position.isna()].pivot_table(index="activation", columns=["quantity", "part"], values="value")
    # A correlation of one network scatters by 1/√width.
    assert (values["c_star", "measured"] - values["c_star", "theory"]).abs().max() < 4 / 400**0.5
    assert (values["chi", "measured"] / values["chi", "theory"] - 1).abs().max() < 0.05


def test_an_exploding_network_is_diverged_and_says_so():
    _, outcomes = run(
        'kind = "mean_field"\ninit = "mean_field(weight_variance=1e30)"\nactivation = "relu"\n'
        "simulate = true\nwidth = 16\ndepth = 12"
    )
    assert outcomes[0].diverged == [True]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('init = "orthogonal"', "independent weights"),
        ('init = "constant(value=1)"', "independent weights"),
        ('init = "xavier"\nnorm = "batch"', "depends on the rest of the batch"),
        ('init = "xavier"\ndataset = "digits"', "Gaussian inputs"),
        ('init = "xavier"\nsimulate = true\nbatch_size = 2', "two pairs of inputs"),
        ('init = "xavier"\nsimulate = "maybe"', "valid boolean"),
    ],
)
def test_what_the_plane_cannot_hold_is_refused(line, reason):
    with pytest.raises(RequestError, match=reason):
        Grid.from_toml(f'[[study]]\nkind = "mean_field"\nactivation = "tanh"\n{line}')


def test_gradients_grow_in_deep_networks_as_predicted():
    table, _ = run(
        'kind = "deep_bn"\ninit = "kaiming"\nactivation = ["relu", "tanh", "linear"]\n'
        'norm = ["none", "batch", "layer"]\n'
        "depth = 30\nwidth = 128\nbatch_size = [8, 32]\nseed = [0, 1, 2]"
    )
    growth = table[table.quantity == "growth"].pivot_table(
        index=["norm", "activation", "batch_size"], columns="part", values="value"
    )
    # Thirty layers of 128 units scatter by √(layers · 3/n)/2 at most, shared out over all layers.
    assert (growth["measured"] / growth["theory"] - 1).abs().max() < 0.02
    batch = growth.loc["batch"]
    assert (batch.loc["relu", "measured"] > 1.2).all()
    assert batch.loc[("relu", 8), "measured"] > batch.loc[("relu", 32), "measured"] + 0.02
    assert batch.loc[("relu", 32), "theory, large batch"] == pytest.approx(1.211, abs=1e-3)
    assert growth.loc[("layer", "relu"), "theory"].to_numpy() == pytest.approx(1, abs=0.01)
    gradients = table[(table.quantity == "gradient") & (table.position == 0)]
    assert set(gradients.part) == {"measured", "theory"}


SMALL = '[[study]]\nkind = "propagation"\nwidth = 8\ndepth = 2\nbatch_size = 4\n'


def test_lists_inside_a_scheme_are_written_out():
    axes = 'activation = "leaky_relu(slope=[0.1, 0.2])"\ninit = ["normal(std=[0.01, 0.05])", "xavier"]'
    assert {(str(cell.init), str(cell.activation)) for cell in Grid.from_toml(SMALL + axes).cells} == {
        (init, f"leaky_relu(slope={slope})")
        for init in ("normal(std=0.01)", "normal(std=0.05)", "xavier")
        for slope in (0.1, 0.2)
    }
    with pytest.raises(RequestError, match="the list is empty"):
        Grid.from_toml(SMALL + 'activation = "relu"\ninit = ["normal(std=[])", "xavier"]')
    with pytest.raises(RequestError, match="std = 'wide' is refused"):
        Grid.from_toml(SMALL + 'activation = "relu"\ninit = "normal(std=[0.1, \'wide\'])"')
