"""Preprocessing takes its statistics from the training split, and does to the loss what least squares says it does."""

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

import engine
import store
from engine import randomness
from engine.data import Dataset, Split, datasets
from engine.data.base import PIECE, prepared
from engine.errors import RequestError
from engine.preprocessings import preprocessings
from engine.studies.linear_classifier import LinearClassifier, Spectrum

PIPELINES = [member() for member in preprocessings]
CENTRED = [p for p in PIPELINES if p.name != "raw"]
SETS = [datasets.parse(name) for name in ("cloud", "digits", "fashion-small")]


class Made(Dataset):
    """Correlated inputs, one of them constant in training and not in testing; `shift` moves the test split alone."""

    name = "made"
    features, classes, train_size, test_size = 5, 2, 300, 100
    shift: float = 0.0
    repeat: int = 1

    def load(self) -> Split:
        random = np.random.default_rng(0)
        x = (random.standard_normal((400, 5)) @ random.standard_normal((5, 5)) + [1, 2, 3, 4, 5]).astype(np.float32)
        x[:300, 2] = 7
        y = np.arange(400) % 2
        return Split(np.tile(x[:300], (self.repeat, 1)), np.tile(y[:300], self.repeat), x[300:] + self.shift, y[300:])


@pytest.mark.parametrize("pipeline", PIPELINES, ids=str)
def test_statistics_come_from_the_training_split_alone(pipeline):
    here, moved = prepared(Made(), pipeline), prepared(Made(shift=10.0), pipeline)
    assert np.array_equal(here.train_x, moved.train_x)
    transform = pipeline.fit(Made().load().train_x.astype(np.float64))
    expected = transform(Made(shift=10.0).load().test_x.astype(np.float64))
    np.testing.assert_allclose(moved.test_x, expected, rtol=1e-6, atol=1e-6)
    if pipeline in CENTRED:
        assert np.abs(here.test_x.mean(0)).max() > 0.01


@pytest.mark.parametrize("dataset", [*SETS, Made()], ids=lambda d: d.name)
@pytest.mark.parametrize("pipeline", PIPELINES, ids=str)
def test_shapes_stay_and_constant_inputs_do_no_harm(dataset, pipeline):
    raw, split = dataset.load(), prepared(dataset, pipeline)
    assert (split.train_x.shape, split.test_x.shape) == (raw.train_x.shape, raw.test_x.shape)
    assert split.train_x.dtype == split.test_x.dtype == np.float32
    assert np.isfinite(split.train_x).all()
    assert np.isfinite(split.test_x).all()
    # What is constant over the training images may vary among the others, but is not blown up.
    assert np.abs(split.test_x).max() < 40 * np.abs(split.train_x).max()


@pytest.mark.parametrize("dataset", [*SETS, Made()], ids=lambda d: d.name)
def test_each_pipeline_does_to_the_cloud_what_its_card_says(dataset):
    raw = dataset.load().train_x.astype(np.float64)
    covariance = np.cov(raw, rowvar=False, ddof=0)
    variances = np.linalg.eigvalsh(covariance)[::-1]
    varies = raw.std(0) > 0
    rank = (variances > 1e-12 * variances[0]).sum()
    x = {p.name: prepared(dataset, p).train_x.astype(np.float64) for p in PIPELINES}
    scale = np.sqrt(variances[0])
    np.testing.assert_allclose(x["raw"], raw, rtol=1e-7)
    for pipeline in CENTRED:
        # float32 keeps seven digits of each value, so a mean of zero is zero up to that of the values.
        assert np.abs(x[pipeline.name].mean(0)).max() < 1e-5 * max(1, np.abs(x[pipeline.name]).max())
    np.testing.assert_allclose(np.cov(x["center"], rowvar=False, ddof=0), covariance, atol=1e-5 * scale**2)
    np.testing.assert_allclose(x["standardize"].std(0), varies.astype(float), atol=1e-4)
    np.testing.assert_allclose(np.cov(x["pca"], rowvar=False, ddof=0), np.diag(variances), atol=1e-5 * scale**2)
    identity = np.diag((np.arange(raw.shape[1]) < rank).astype(float))
    np.testing.assert_allclose(np.cov(x["whiten"], rowvar=False, ddof=0), identity, atol=1e-4)


def test_epsilon_of_whitening_is_a_share_of_the_largest_variance():
    raw = datasets.parse("digits").load().train_x.astype(np.float64)
    variances = np.linalg.eigvalsh(np.cov(raw, rowvar=False, ddof=0))[::-1]
    x = prepared(datasets.parse("digits"), preprocessings.parse("whiten(eps=0.01)")).train_x
    np.testing.assert_allclose(x.astype(np.float64).var(0), variances / (variances + 0.01 * variances[0]), atol=1e-5)


def test_principal_axes_point_the_same_way_everywhere():
    raw = datasets.parse("digits").load().train_x.astype(np.float64)
    axes = preprocessings.parse("pca").fit(raw).__self__.axes
    assert (axes[np.abs(axes).argmax(0), np.arange(64)] >= 0).all()


def test_a_large_set_is_mapped_piece_by_piece_to_the_same_numbers():
    repeat = PIECE // 300 + 2
    many, few = prepared(Made(repeat=repeat), preprocessings.parse("center")), Made().load()
    assert len(many.train_x) > PIECE
    np.testing.assert_allclose(many.train_x, np.tile(few.train_x - few.train_x.mean(0), (repeat, 1)), atol=1e-5)


def condition(x):
    return LinearClassifier(x, np.zeros(len(x), int), 1).spectrum.condition_number


def test_condition_numbers_of_scikit_learns_digits():
    x = load_digits().data
    assert Spectrum.of(x.T @ x / len(x)).condition_number == pytest.approx(6.5e6, rel=0.01)
    known = {"center": 4.3e5, "standardize": 146, "whiten": 1}
    for name, kappa in known.items():
        mapped = preprocessings.parse(name).fit(x)(x)
        assert Spectrum.of(mapped.T @ mapped / len(x)).condition_number == pytest.approx(kappa, rel=0.015), name
        # The bias adds the eigenvalue 1 to a centred Hessian, between the others here.
        assert condition(mapped) == pytest.approx(kappa, rel=0.015), name


@pytest.mark.parametrize(("mean", "variance"), [(0.0, 1.0), (3.0, 0.25), (-10.0, 4.0), (0.5, 9.0)])
def test_condition_number_of_one_feature_with_a_bias(mean, variance):
    x = np.array([[-1.0], [1.0]]) * variance**0.5 + mean
    total = variance + mean**2 + 1
    root = np.sqrt(total**2 - 4 * variance)
    assert condition(x) == pytest.approx((total + root) / (total - root))


@pytest.fixture(scope="module")
def problem():
    split = prepared(datasets.parse("digits"), preprocessings.parse("standardize"))
    return LinearClassifier(split.train_x.astype(np.float64), split.train_y, 10)


def loss(classifier, weights):
    return np.square(classifier.inputs @ weights - classifier.targets).sum(1).mean() / 2


def test_the_hessian_is_the_second_derivative_of_the_loss():
    split = Made().load()
    classifier = LinearClassifier(split.train_x.astype(np.float64), split.train_y, 2)
    inputs, targets = torch.from_numpy(classifier.inputs), torch.from_numpy(classifier.targets)

    def squared_error(weights):
        return (inputs @ weights - targets).square().sum(1).mean() / 2

    hessian = torch.autograd.functional.hessian(squared_error, torch.zeros(6, 2, dtype=torch.float64))
    for c in range(2):
        np.testing.assert_allclose(hessian[:, c, :, c].numpy(), classifier.hessian, rtol=1e-12)
        np.testing.assert_allclose(hessian[:, c, :, 1 - c].numpy(), 0, atol=1e-12)


def test_softmax_regression_at_zero_has_the_same_condition_number():
    split = Made().load()
    classifier = LinearClassifier(split.train_x.astype(np.float64), split.train_y, 2)
    inputs, labels = torch.from_numpy(classifier.inputs), torch.from_numpy(split.train_y)

    def cross_entropy(weights):
        return torch.nn.functional.cross_entropy(inputs @ weights, labels)

    hessian = torch.autograd.functional.hessian(cross_entropy, torch.zeros(6, 2, dtype=torch.float64))
    spectrum = Spectrum.of(hessian.reshape(12, 12).numpy())
    assert spectrum.condition_number == pytest.approx(classifier.spectrum.condition_number, rel=1e-6)


def test_the_solution_is_that_of_least_squares(problem):
    best = np.linalg.lstsq(problem.inputs, problem.targets, rcond=None)[0]
    np.testing.assert_allclose(problem.inputs @ problem.solution, problem.inputs @ best, atol=1e-8)
    start = np.zeros_like(best)
    assert problem.excess(start) == pytest.approx(loss(problem, start) - loss(problem, problem.solution), rel=1e-9)


def test_every_pipeline_has_the_same_best_function():
    predictions = []
    for pipeline in PIPELINES:
        split = prepared(datasets.parse("digits"), pipeline)
        classifier = LinearClassifier(split.train_x.astype(np.float64), split.train_y, 10)
        predictions.append(classifier.inputs @ classifier.solution)
    for prediction in predictions[1:]:
        np.testing.assert_allclose(prediction, predictions[0], atol=2e-3)


@pytest.mark.parametrize("share", [0.3, 1.0, 1.9])
def test_each_mode_contracts_by_one_minus_rate_times_curvature(problem, share):
    curvature, axes = problem.spectrum.values, problem.spectrum.vectors
    rate = share / curvature[0]
    components = np.square(axes.T @ problem.solution).sum(1)
    expected = [np.sum(curvature * components * (1 - rate * curvature) ** (2 * t)) / 2 for t in range(21)]
    np.testing.assert_allclose(problem.descend(rate, 20), np.array(expected) / expected[0], rtol=1e-9)


def test_the_best_rate_contracts_as_the_condition_number_says(problem):
    largest, smallest = problem.spectrum.values[[0, -1]]
    kappa = largest / smallest
    excess = problem.descend(2 / (largest + smallest), 600)
    assert excess[-1] / excess[-2] == pytest.approx(((kappa - 1) / (kappa + 1)) ** 2, rel=1e-3)
    assert (excess[1:] / excess[:-1] <= ((kappa - 1) / (kappa + 1)) ** 2 * (1 + 1e-9)).all()


def test_whitened_least_squares_is_solved_in_one_step():
    split = prepared(datasets.parse("digits"), preprocessings.parse("whiten"))
    classifier = LinearClassifier(split.train_x.astype(np.float64), split.train_y, 10)
    # float32 inputs: a covariance that is the identity up to 1e-6, hence an excess of the square of that.
    assert classifier.descend(1.0, 1)[1] < 1e-11


def test_a_perturbation_is_what_it_says(problem):
    directions = randomness.standard_normal(("test", 0), (3, 64, 10)).astype(np.float64)
    sizes = np.array([0.0, 0.5, 2.0])
    losses, accuracies = problem.perturbed(directions, sizes)
    norm = np.linalg.norm(problem.solution[:-1])
    for s, size in enumerate(sizes):
        for d, direction in enumerate(directions):
            weights = problem.solution.copy()
            weights[:-1] += size * norm * direction / np.linalg.norm(direction)
            assert np.linalg.norm(weights - problem.solution) == pytest.approx(size * norm)
            assert losses[s, d] == pytest.approx(loss(problem, weights))
            right = (problem.inputs @ weights).argmax(1) == problem.labels
            assert accuracies[s, d] == pytest.approx(right.mean())
    np.testing.assert_allclose((losses[2] - losses[0]) / (losses[1] - losses[0]), 16)


GRID = """
[[study]]
kind = "preprocessing"
dataset = ["cloud", "digits"]
preprocessing = ["raw", "whiten"]
steps = 12
directions = 10
seed = [0, 1]
"""


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    path = tmp_path_factory.mktemp("preprocessing") / "grid.duckdb"
    assert engine.run(engine.Grid.from_toml(GRID, "preprocessing"), path)["cells_failed"] == 0
    with store.open(path) as handle:
        yield handle.query("SELECT * FROM quantities").df()


def only(stored, quantity, **axes):
    rows = stored[stored.quantity == quantity]
    for axis, value in axes.items():
        rows = rows[rows[axis] == value]
    return rows.sort_values("position")


def test_the_study_stores_both_spectra_and_the_condition_number(stored):
    split = prepared(datasets.parse("digits"), preprocessings.parse("raw"))
    classifier = LinearClassifier(split.train_x.astype(np.float64), split.train_y, 10)
    axes = {"dataset": "digits", "preprocessing": "raw", "seed": 0}
    hessian = only(stored, "hessian_spectrum", **axes).value.to_numpy()
    np.testing.assert_allclose(hessian, np.linalg.eigvalsh(classifier.hessian)[::-1][: len(hessian)], rtol=1e-6)
    covariance = only(stored, "covariance_spectrum", **axes)
    assert covariance.value.sum() == pytest.approx(split.train_x.var(0, dtype=np.float64).sum(), rel=1e-6)
    assert list(covariance.position) == list(range(1, len(covariance) + 1))
    assert only(stored, "condition_number", **axes).value.item() == pytest.approx(hessian[0] / hessian[-1])
    white = only(stored, "covariance_spectrum", dataset="digits", preprocessing="whiten", seed=0)
    np.testing.assert_allclose(white.value, 1, rtol=1e-4)


def test_the_study_stores_sensitivity_with_its_interval_and_convergence(stored):
    for dataset in ("cloud", "digits"):
        for quantity in ("perturbed_loss", "perturbed_accuracy"):
            rows = only(stored, quantity, dataset=dataset, preprocessing="raw", seed=0)
            mean, low, high = (rows[rows.part == part].value.to_numpy() for part in ("mean", "low", "high"))
            assert len(mean) == 6
            assert (low <= mean + 1e-12).all()
            assert (mean <= high + 1e-12).all()
            assert low[-1] < high[-1]
            other = only(stored, quantity, dataset=dataset, preprocessing="raw", seed=1)
            assert not np.array_equal(other[other.part == "mean"].value, mean)
        for _, curve in only(stored, "excess_loss", dataset=dataset, preprocessing="raw", seed=0).groupby("part"):
            assert list(curve.position) == list(range(13))
            assert curve.value.iloc[0] == 1
            assert (np.diff(curve.value) <= 1e-12).all()


def test_the_picture_of_the_cloud_is_stored_and_no_other(stored):
    split = prepared(datasets.parse("cloud"), preprocessings.parse("whiten"))
    for axis, quantity in enumerate(("scatter_x", "scatter_y")):
        rows = only(stored, quantity, dataset="cloud", preprocessing="whiten", seed=0)
        np.testing.assert_allclose(rows.value, split.train_x[:, axis])
        assert list(rows.part) == [f"class {label}" for label in split.train_y]
    assert only(stored, "scatter_x", dataset="digits").empty


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ('norm = "batch"', "leave norm out"),
        ('network = "conv"', "leave network out"),
        ('init = "xavier"', "leave init out"),
        ('activation = "relu"', "leave activation out"),
        ("depth = 1", "depth = 1"),
        ("directions = 1", "directions = 1"),
        ('dataset = "gaussian"', "no labels"),
    ],
)
def test_what_a_linear_classifier_has_not_is_refused(key, message):
    table = {"kind": '"preprocessing"', "dataset": '"digits"', "preprocessing": '"raw"'}
    name, value = key.split(" = ")
    text = "[[study]]\n" + "\n".join(f"{k} = {v}" for k, v in (table | {name: value}).items())
    with pytest.raises(RequestError, match=message):
        engine.Grid.from_toml(text)
