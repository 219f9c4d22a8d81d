"""The loss before the first update is the one that theory predicts: from the variance of the logits, not ln C."""

import math

import numpy as np
import pytest

from goldilocks import engine, store
from goldilocks.engine.initializers import initializers
from goldilocks.engine.networks import networks
from goldilocks.engine.preprocessings import preprocessings
from goldilocks.engine.theory.first_loss import expected_cross_entropy

pytestmark = pytest.mark.essential("theory against networks")

SEEDS = 8
# Of many comparisons with a mean over seeds, the worst may lie so many standard errors away.
ERRORS = 4.5
# What is of order 1/width is left out of the prediction: so far apart the two may lie for it, relative to the loss
# and times the width.
OF_WIDTH = 1.3
INITS = [
    "zeros",
    "xavier",
    "kaiming",
    "torch_default",
    "orthogonal",
    "kaiming_slip",
    "normal(std=0.5)",
    "uniform(bound=0.05)",
]
GRID = """
[[study]]
kind = "training"
dataset = "digits"
preprocessing = {preprocessing}
network = {network}
width = {widths}
depth = 2
init = {inits}
activation = {activation}
norm = {norm}
lr = 0.001
batch_size = 64
steps = 1
seed = {seeds}
"""
CASES = {
    "relu": {"inits": INITS, "widths": [64, 256]},
    "tanh": {"activation": "tanh"},
    "sigmoid, whose mean counts": {"activation": "sigmoid"},
    "raw inputs of different length": {"preprocessing": "none", "activation": "gelu"},
    "layer": {"norm": "layer"},
    "rms": {"norm": "rms", "activation": "softplus"},
    "residual, plain": {"network": "residual_mlp", "activation": "gelu"},
    "residual, layer": {"network": "residual_mlp", "norm": "layer"},
}
ABSENT = {
    "fitted to data": {"inits": ["lsuv"], "seeds": [0]},
    "weights alike": {"inits": ["constant(value=0.1)"], "seeds": [0]},
    "over a batch": {"inits": ["kaiming"], "norm": "batch", "seeds": [0]},
}


EXTREME = {"widths": [8, 16], "inits": ["normal(std=1e30)", "normal(std=1e150)"], "seeds": [0]}


def chosen(case):
    """Return the axes of a case, each of those that it does not name with a value of its own."""
    defaults = {"preprocessing": "standardize", "network": "mlp", "activation": "relu", "norm": "none"}
    few = ["zeros", "xavier", "torch_default", "kaiming_slip"]
    return defaults | {"inits": few, "widths": [128], "seeds": list(range(SEEDS))} | case


@pytest.fixture(scope="module")
def first_losses(tmp_path_factory):
    """Compute all cases and return the function that gives width, initialization, first loss and its prediction."""
    path = tmp_path_factory.mktemp("first") / "grid.duckdb"
    cases = [*CASES.values(), *ABSENT.values(), EXTREME]
    text = "".join(GRID.format(**{name: repr(value) for name, value in chosen(case).items()}) for case in cases)
    engine.run(engine.Grid.from_toml(text, "first loss"), path)
    with store.open(path) as opened:
        everything = opened.query("SELECT * FROM outcomes").df()

    def of(case):
        axes = chosen(case)
        found = everything[everything["width"].isin(axes["widths"]) & everything["seed"].isin(axes["seeds"])]
        found = found[found["init"].isin([str(initializers.parse(init)) for init in axes["inits"]])]
        for axis, registry in (("preprocessing", preprocessings), ("network", networks)):
            found = found[found[axis] == str(registry.parse(axes[axis]))]
        found = found[(found["activation"] == axes["activation"]) & (found["norm"] == axes["norm"])]
        assert len(found) == len(axes["widths"]) * len(axes["inits"]) * len(axes["seeds"])
        return found[["width", "init", "first_train_loss", "theory_first_loss"]]

    return of


@pytest.mark.parametrize("case", CASES)
def test_networks_start_where_theory_says(first_losses, case):
    found = first_losses(CASES[case])
    assert found["theory_first_loss"].notna().all()
    for (width, init), rows in found.groupby(["width", "init"]):
        (predicted,) = set(rows["theory_first_loss"])
        scatter = rows["first_train_loss"].std() / math.sqrt(len(rows))
        apart = abs(rows["first_train_loss"].mean() - predicted)
        assert apart <= ERRORS * scatter + OF_WIDTH / width * predicted, (width, init, predicted, apart, scatter)
        assert (abs(predicted - math.log(10)) < 1e-9) == (init == "zeros"), (width, init, predicted)
    # Logits that are large from the start are told apart from those that are not.
    slip = found.loc[found["init"] == "kaiming_slip", "theory_first_loss"]
    assert slip.min() > 10 * math.log(10)


@pytest.mark.parametrize("case", ABSENT)
def test_there_is_no_prediction_without_a_theory(first_losses, case):
    found = first_losses(ABSENT[case])
    assert found["theory_first_loss"].isna().all()
    assert found["first_train_loss"].notna().all()


def test_logits_beyond_float32_have_a_prediction_and_those_beyond_float64_have_none(first_losses):
    found = first_losses(EXTREME).set_index("init")
    assert (found.loc["normal(std=1e+30)", "theory_first_loss"] > 1e80).all()
    assert found.loc["normal(std=1e+150)", "theory_first_loss"].isna().all()


@pytest.mark.parametrize("classes", [2, 3, 10, 1000])
def test_the_expected_loss_has_its_limits(classes):
    # ln C + v (1 − 1/C)/2 for small logits, and for large ones √v times the mean maximum of C standard normals.
    for v in (1e-12, 1e-6, 1e-3):
        small = math.log(classes) + v * (1 - 1 / classes) / 2
        assert expected_cross_entropy(v, classes) == pytest.approx(small, abs=v * v + 1e-11)
    x = np.linspace(-12, 12, 200_001)
    below = np.array([0.5 * math.erfc(-value / math.sqrt(2)) for value in x]) ** classes
    maximum = 12 - float(np.sum((below[1:] + below[:-1]) / 2) * (x[1] - x[0]))
    for v in (1e8, 1e12, 1e60):
        assert expected_cross_entropy(v, classes) == pytest.approx(math.sqrt(v) * maximum, rel=1e-6)
    assert expected_cross_entropy(0.0, classes) == math.log(classes)
    assert expected_cross_entropy(math.inf, classes) == math.inf


@pytest.mark.parametrize("classes", [2, 7, 40])
@pytest.mark.parametrize("v", [0.05, 0.999999, 1.000001, 3.0, 80.0])
def test_the_expected_loss_is_that_of_drawn_logits(v, classes):
    z = np.random.default_rng(0).standard_normal((50_000, classes)) * math.sqrt(v)
    losses = np.logaddexp.reduce(z, axis=1)
    error = losses.std() / math.sqrt(len(losses))
    assert abs(losses.mean() - expected_cross_entropy(v, classes)) < ERRORS * error
