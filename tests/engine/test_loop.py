"""The training loop, with a learner whose losses are written down beforehand."""

import ast
from pathlib import Path

import pytest
import torch

from goldilocks.engine.loss import Loss, weighted_sum
from goldilocks.engine.training.curve_log import CurveLog
from goldilocks.engine.training.curves import logged_steps
from goldilocks.engine.training.instrumented import InstrumentedLog, watched
from goldilocks.engine.training.learner import Learner
from goldilocks.engine.training.loop import train

CPU = torch.device("cpu")
ENGINE = Path(__file__).resolve().parents[2] / "engine"


class Scripted(Learner):
    """Networks whose loss is not finite from a given update on; None for never."""

    def __init__(self, diverging, steps=40):
        self.steps, self.configs, self.device = steps, len(diverging), CPU
        self.diverging, self.calls = list(diverging), []

    def step(self, made, size=None):
        self.calls.append(int(made))
        values = [torch.inf if at is not None and made >= at else 1.0 + made for at in self.diverging]
        return Loss(torch.tensor([float(v) for v in values]), torch.ones(len(values)), None)

    def evaluate(self):
        self.calls.append("evaluate")
        return Loss(torch.ones(len(self.diverging)), torch.ones(len(self.diverging)), None)

    def keep(self, configs):
        self.calls.append(("keep", configs.tolist()))
        self.diverging = [self.diverging[place] for place in configs.tolist()]


def nothing(share):
    """Take in progress and say nothing."""


def updates(learner):
    return [call for call in learner.calls if isinstance(call, int)]


@pytest.mark.parametrize("steps", [1, 2, 19, 20, 21, 57])
def test_every_update_is_made_once_and_evaluated_where_it_is_logged(steps):
    learner, shares = Scripted([None], steps), []
    train(learner, CurveLog(learner), shares.append)
    expected = ["evaluate"]
    for made in range(steps):
        expected += [made] + ["evaluate"] * (made + 1 in logged_steps(steps))
    assert learner.calls == expected
    assert shares == [step / steps for step in logged_steps(steps)[1:]]


@pytest.mark.parametrize("steps", [1, 21, 57])
def test_a_look_comes_before_the_first_update_and_after_every_logged_one(steps):
    learner = Scripted([None], steps)
    watched(learner, nothing, lambda made: learner.calls.append(("look", made)))
    expected = [("look", 0)]
    for made in range(steps):
        expected += [made] + [("look", made + 1)] * (made + 1 in logged_steps(steps))
    assert learner.calls == expected


DIVERGING = [None, 0, 3, 17, None]


@pytest.mark.parametrize("log", [CurveLog, InstrumentedLog, lambda one: CurveLog(one, sizes=True, retires=True)])
def test_every_log_knows_when_a_network_diverged(log):
    learner = Scripted(DIVERGING)
    written = log(learner)
    train(learner, written, nothing)
    assert written.divergence.updates() == DIVERGING


def test_what_has_diverged_is_left_out_where_the_log_allows_it_and_only_there():
    learner = Scripted(DIVERGING)
    train(learner, CurveLog(learner), nothing)
    assert len(updates(learner)) == learner.steps
    assert learner.diverging == DIVERGING
    train(learner, CurveLog(learner, retires=True), nothing)
    # Two of five are more than a quarter after update 4, one of three after update 18.
    assert [call for call in learner.calls if isinstance(call, tuple)] == [("keep", [0, 3, 4]), ("keep", [0, 2])]
    assert learner.diverging == [None, None]


def test_the_loop_ends_when_nothing_is_left():
    learner = Scripted([0, 3])
    train(learner, CurveLog(learner, retires=True), nothing)
    assert max(updates(learner)) == 3
    assert learner.diverging == []


def test_a_mean_over_pieces_is_the_mean_over_all():
    values = torch.arange(6.0).reshape(2, 3)
    pieces = [
        (Loss(column, column / 10, None), weight) for column, weight in zip(values.T, (0.5, 0.25, 0.25), strict=True)
    ]
    mean = weighted_sum(iter(pieces))
    assert mean.value.tolist() == [0.75, 3.75]
    assert mean.correct.tolist() == pytest.approx([0.075, 0.375])
    with pytest.raises(ValueError, match="no pieces"):
        weighted_sum([])


def test_there_is_one_loop():
    """Nothing else of the engine launches updates: `Replay` is made there alone."""
    makers = {
        path.relative_to(ENGINE).as_posix()
        for path in ENGINE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and getattr(node.func, "id", None) == "Replay"
    }
    assert makers == {"training/loop.py"}
