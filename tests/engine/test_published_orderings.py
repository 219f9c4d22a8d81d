"""What the literature found, in seconds: orderings and margins of small trained networks, not digits."""

from itertools import product
from math import log

import pandas as pd
import pytest

from goldilocks.engine.activations import activations
from goldilocks.engine.studies.training import Training
from goldilocks.engine.theory.criticality import phase
from goldilocks.engine.training.cell import TrainingCell
from tests.device import DEVICE
from tests.oracles.edge_of_chaos import critical_weight_variance

pytestmark = pytest.mark.published

CHANCE = log(10)


def train(**axes):
    """Train every combination of axes on digits and return one row per cell: its axes and how it ended."""
    defaults = {"dataset": "digits", "width": 64, "batch_size": 64, "steps": 100, "lr": 0.1, "seed": [0, 1]}
    lists = {key: value if isinstance(value, list) else [value] for key, value in (defaults | axes).items()}
    cells = [TrainingCell(**dict(zip(lists, values, strict=True))) for values in product(*lists.values())]
    groups = {}
    for cell in cells:
        groups.setdefault(cell.static, []).append(cell)
    curves = pd.concat(
        Training().run(group, DEVICE, lambda share: None).tables["curves"].to_pandas() for group in groups.values()
    )
    ends = curves.sort_values("step").groupby("cell_id").last()
    rows = pd.DataFrame([cell.row() for cell in cells]).set_index("cell_id")
    return rows.join(ends[["train_loss", "test_accuracy"]])


def mean_loss(rows, *axes):
    """Return the training loss, mean over seeds, by axes; what has diverged counts as infinite."""
    return rows.train_loss.fillna(float("inf")).groupby([rows[axis] for axis in axes]).mean()


def test_thirty_relu_layers_stay_at_chance_with_xavier_and_train_with_kaiming():
    """He, Zhang, Ren & Sun 2015, figure 3."""
    loss = mean_loss(train(init=["xavier", "kaiming"], activation="relu", depth=30, lr=0.03), "init")
    assert loss["xavier"] == pytest.approx(CHANCE, abs=0.01)
    assert loss["kaiming"] < CHANCE - 0.2


def test_six_sigmoid_layers_train_with_batch_norm_only():
    """Ioffe & Szegedy 2015: at no rate does the plain network leave chance."""
    rows = train(init="xavier", activation="sigmoid", norm=["none", "batch"], depth=6, lr=[0.03, 0.3, 3.0])
    loss = mean_loss(rows, "norm", "lr")
    assert (loss["none"] > CHANCE - 0.05).all()
    assert loss["batch"].min() < 0.5
    assert rows[rows.norm == "batch"].test_accuracy.max() > 0.9


@pytest.mark.thorough("a finding: training is held to PyTorch; that batch norm trains what nothing else does is above")
def test_batch_norm_allows_ten_times_the_learning_rate():
    """Ioffe & Szegedy 2015: twenty layers, best rate and largest rate that still trains."""
    rates = [0.003, 0.01, 0.03, 0.1, 0.3, 1.0]
    loss = mean_loss(train(init="kaiming", activation="relu", norm=["none", "batch"], depth=20, lr=rates), "norm", "lr")
    assert loss["batch"].idxmin() >= 9.9 * loss["none"].idxmin()
    trains = loss < 0.7 * CHANCE
    largest = {norm: max(rate for rate in rates if trains[norm, rate]) for norm in ("none", "batch")}
    assert largest["batch"] >= 9.9 * largest["none"]


@pytest.mark.thorough("a finding: depth scales are held to simulations in test_criticality, training to PyTorch")
def test_networks_train_up_to_about_six_depth_scales():
    """Schoenholz, Gilmer, Ganguli & Sohl-Dickstein 2017: ordered tanh networks, and critical ones of the same depth."""
    ordered, critical = 1.0, critical_weight_variance(activations.parse("tanh"), 0.05)
    scale = phase(activations.parse("tanh"), ordered, 0.05).depth_c
    shallow, deep = round(3 * scale), round(12 * scale)
    point = "mean_field(weight_variance={}, bias_variance=0.05)"
    losses = {
        # The best of several rates: critical networks of this depth want small ones.
        (name, depth): mean_loss(
            train(init=point.format(variance), activation="tanh", depth=depth, lr=[0.01, 0.03, 0.1]), "lr"
        ).min()
        for name, variance, depth in (
            ("ordered", ordered, shallow),
            ("ordered", ordered, deep),
            ("critical", critical, deep),
        )
    }
    assert losses["ordered", shallow] < 0.5
    assert losses["ordered", deep] > CHANCE - 0.2
    assert losses["critical", deep] < losses["ordered", deep] - 0.5


def test_orthogonal_linear_networks_learn_in_a_time_independent_of_depth():
    """Saxe, McClelland & Ganguli 2013: with a rate in proportion to 1/depth; Gaussian weights slow down."""
    losses = {
        depth: mean_loss(
            train(init=["orthogonal", "xavier"], activation="linear", depth=depth, lr=0.2 / depth, steps=60), "init"
        )
        for depth in (4, 40)
    }
    assert losses[40]["orthogonal"] / losses[4]["orthogonal"] == pytest.approx(1, abs=0.3)
    assert losses[40]["xavier"] / losses[4]["xavier"] > 2


@pytest.mark.thorough(
    "a finding: the growth of gradients with batch norm is in test_bands, training is held to PyTorch"
)
def test_batch_norm_without_skip_connections_fails_at_depth_eighty():
    """Yang, Pennington, Rao, Sohl-Dickstein & Schoenholz 2019."""
    losses = {
        depth: mean_loss(
            train(init="kaiming", activation="relu", norm="batch", depth=depth, steps=60, seed=0, lr=[0.01, 0.1]),
            "depth", "lr",
        )[depth]
        for depth in (10, 80)
    }  # fmt: skip
    assert losses[10].min() < 0.7
    assert losses[80].min() > CHANCE - 0.1
