"""The loss of a linear classifier: its Hessian, its descent and its sensitivity are what least squares says."""

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

from goldilocks.engine import randomness
from goldilocks.engine.data import datasets
from goldilocks.engine.data.base import prepared
from goldilocks.engine.preprocessings import preprocessings
from goldilocks.engine.training.linear_classifier import LinearClassifier, Spectrum
from tests.engine.made_data import Made


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
    for pipeline in preprocessings:
        split = prepared(datasets.parse("digits"), pipeline())
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
