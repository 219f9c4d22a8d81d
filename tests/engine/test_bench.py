"""The benchmark compares only what computes the same."""

from dataclasses import replace

import pytest

from goldilocks.engine.bench import scaling, suite
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


def test_scaling_is_measured_in_turns_against_one_core(monkeypatch):
    asked = []

    def seconds(grid, cores, processes):
        asked.append((cores, processes))
        return {(1, 1): 12.0, (2, 1): 10.0, (2, 2): 7.5}[cores, processes]

    monkeypatch.setattr(scaling, "_seconds", seconds)
    monkeypatch.setattr(scaling.torch, "get_num_threads", lambda: 3)
    shares = {(one["cores"], one["processes"]): one["share"] for one in scaling.measure(CPU)}
    assert shares == pytest.approx({(1, 1): 1.0, (2, 1): 0.6, (2, 2): 0.8})
    assert asked == [(1, 1), (2, 1), (2, 2)] * scaling.ROUNDS
    assert len({cell.cell_id for cell in scaling._grid(scaling.TRAININGS).cells}) == scaling.TRAININGS


def test_what_scales_is_a_whole_run_on_as_many_cores_as_said(monkeypatch):
    given = {}

    def run(grid, store, device, workers):
        given.update(threads=scaling.torch.get_num_threads(), workers=workers, cells=len(grid.cells))
        return {"seconds": 1.5}

    before = scaling.torch.get_num_threads()
    monkeypatch.setattr(scaling, "run", run)
    assert scaling._seconds(scaling._grid(20), cores=1, processes=1) == 1.5
    assert given == {"threads": 1, "workers": 1, "cells": 20}
    assert scaling.torch.get_num_threads() == before


def test_one_core_and_a_gpu_have_nothing_to_scale(monkeypatch):
    monkeypatch.setattr(scaling.torch, "get_num_threads", lambda: 1)
    assert scaling.measure(CPU) == []
    monkeypatch.undo()
    gpu = replace(CPU, torch_device=scaling.torch.device("cuda"))
    assert scaling.measure(gpu) == []
