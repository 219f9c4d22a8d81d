"""Timing contenders in turns, so that a machine whose speed drifts slows all of them alike."""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

ROUNDS = 5
# Of thousands of networks a few are chaotic from the first steps: where rounding flips a ReLU, they go another way.
AGREEING = 0.99


@dataclass(frozen=True)
class Contender:
    """One way to compute a case.

    Attributes:
        name: what a reader calls it.
        call: computes its cells and returns one number for each.
        cells: which of the case's cells it computes; slow ones take a few, and are compared per cell.
    """

    name: str
    call: Callable[[], Sequence[float]]
    cells: Sequence[int]


class Disagreement(Exception):
    """A contender computed something else than the engine: its time would mean nothing."""


@dataclass(frozen=True)
class Case:
    """One comparison.

    Attributes:
        name: what is computed.
        engine: the engine's way, on all cells.
        peers: other ways.
        flops: floating-point operations of the matrix products of the engine's call.
        steps: updates per cell; 1 where nothing is trained.
        matrix_size: size of the square matrices whose products measure the machine's rate.
        tolerance: largest relative difference between two contenders' numbers for a cell.
        rounds: how often each contender is timed.
    """

    name: str
    engine: Contender
    peers: tuple[Contender, ...]
    flops: float
    steps: int
    matrix_size: int
    tolerance: float
    rounds: int = ROUNDS

    def run(self, rate_probes: Mapping[str, Callable[[], float]]) -> dict[str, Any]:
        """Check that all contenders agree, time them in turns, and report ratios.

        Args:
            rate_probes: measure rates of plain batched products, by name; called in every round.

        Returns:
            Figures of the case; for the engine and each peer cell-steps per second, and times_faster for peers; each
            rate of products with the engine's share of it.

        Raises:
            Disagreement: a contender computes something else.
        """
        contenders = (self.engine, *self.peers)
        self._check(contenders)
        seconds: dict[str, list[float]] = {contender.name: [] for contender in contenders}
        rates: dict[str, list[float]] = {name: [] for name in rate_probes}
        for _ in range(self.rounds):
            for name, probe in rate_probes.items():
                rates[name].append(probe())
            for contender in contenders:
                start = time.perf_counter()
                contender.call()
                seconds[contender.name].append((time.perf_counter() - start) / len(contender.cells))
        return self._report(seconds, {name: statistics.median(measured) for name, measured in rates.items()})

    def _check(self, contenders: Sequence[Contender]) -> None:
        # The first call of each is also the warm-up.
        truth = np.asarray(self.engine.call())
        for contender in contenders:
            results = np.asarray(contender.call())
            alike = np.isclose(results, truth[list(contender.cells)], rtol=self.tolerance, atol=0, equal_nan=True)
            if alike.mean() < AGREEING:
                raise Disagreement(f"{self.name}: {contender.name} computed something else than the engine")

    def _report(self, seconds: dict[str, list[float]], rates: dict[str, float]) -> dict[str, Any]:
        own = seconds[self.engine.name]
        median, cells = statistics.median(own), len(self.engine.cells)
        return {
            "case": self.name,
            "cells": cells,
            "seconds": median * cells,
            "least": min(own) * cells,
            "most": max(own) * cells,
            "cell_steps_per_second": self.steps / median,
            "rates": {
                name: {"rate": rate, "share": self.flops / (median * cells) / rate} for name, rate in rates.items()
            },
            "peers": {peer.name: self._compare(seconds[peer.name], own) for peer in self.peers},
        }

    def _compare(self, peer: Sequence[float], own: Sequence[float]) -> dict[str, float]:
        ratios = [theirs / ours for theirs, ours in zip(peer, own, strict=True)]
        return {
            "cell_steps_per_second": self.steps / statistics.median(peer),
            "times_faster": statistics.median(ratios),
            "least": min(ratios),
            "most": max(ratios),
        }
