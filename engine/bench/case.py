"""Timing contenders in turns, so that a machine whose speed drifts slows all of them alike."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Contender = Callable[[], Any]
ROUNDS = 5


@dataclass
class Case:
    """One comparison.

    Attributes:
        name: what is computed.
        engine: the engine's way; returns numbers to compare.
        peers: other ways by name; each returns the same numbers.
        flops: floating-point operations of the matrix products of one call.
        tolerance: largest relative difference between the numbers of two contenders.
    """

    name: str
    engine: Contender
    peers: dict[str, Contender]
    flops: float
    tolerance: float
    rounds: int = field(default=ROUNDS)

    def run(self, matrix_rate: float) -> dict[str, Any]:
        """Check that all contenders agree, time them in turns, and report ratios.

        Args:
            matrix_rate: operations per second of plain batched products, measured in the same call.

        Returns:
            Name, seconds of the engine (median, least, most), share of the matrix rate, and for each peer its seconds
            and how many times faster the engine is.

        Raises:
            AssertionError: a contender computes something else.
        """
        contenders = {"engine": self.engine, **self.peers}
        # The first call of each is the warm-up and the proof that all compute the same.
        results = {name: np.asarray(contender()) for name, contender in contenders.items()}
        for name, result in results.items():
            np.testing.assert_allclose(result, results["engine"], rtol=self.tolerance, err_msg=f"{self.name}: {name}")
        seconds: dict[str, list[float]] = {name: [] for name in contenders}
        for _ in range(self.rounds):
            for name, contender in contenders.items():
                start = time.perf_counter()
                contender()
                seconds[name].append(time.perf_counter() - start)
        return self._report(seconds, matrix_rate)

    def _report(self, seconds: dict[str, list[float]], matrix_rate: float) -> dict[str, Any]:
        engine = seconds["engine"]
        peers = {}
        for name in self.peers:
            ratios = [peer / own for peer, own in zip(seconds[name], engine, strict=True)]
            peers[name] = {"seconds": statistics.median(seconds[name]), "times_faster": statistics.median(ratios)}
        median = statistics.median(engine)
        spread = {"least": min(engine), "most": max(engine)}
        return {
            "case": self.name,
            "seconds": median,
            **spread,
            "matrix_share": self.flops / median / matrix_rate,
            "peers": peers,
        }
