"""The benchmark compares only what computes the same."""

from dataclasses import replace

import pytest

from goldilocks.engine.bench import suite
from goldilocks.engine.bench.case import Disagreement
from goldilocks.engine.device import choose_device

CPU = choose_device("cpu")


@pytest.mark.parametrize(
    "case",
    [
        suite.propagation(CPU, width=512),
        suite.forward_propagation(CPU, width=512),
        suite.training(CPU, width=16, depth=2, batch=16, configs=6, steps=20),
    ],
    ids=lambda case: case.name,
)
def test_every_peer_computes_what_the_engine_computes(case):
    # At this width the first layer's rms scatters more than at the benchmark's own.
    figures = replace(case, rounds=1, tolerance=max(case.tolerance, 0.05 * (case.steps == 1))).run(
        {"cached": lambda: 1e9}
    )
    assert {peer.name for peer in case.peers} == set(figures["peers"])
    assert figures["rates"]["cached"]["share"] == pytest.approx(case.flops / figures["seconds"] / 1e9)
    assert all(peer["times_faster"] > 0 for peer in figures["peers"].values())


def test_a_peer_that_computes_something_else_gets_no_time():
    case = suite.training(CPU, width=16, depth=2, batch=16, configs=6, steps=20)
    wrong = replace(case.peers[0], call=lambda: [loss * 1.01 for loss in case.peers[0].call()])
    with pytest.raises(Disagreement, match="PyTorch loop"):
        replace(case, peers=(wrong,), rounds=1).run({"cached": lambda: 1e9})
