"""The pytest fixture `signal`: assertions about a network of one's own, in the language of the field."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from goldilocks.engine.diagnosis.defaults import PRESERVED, SEEDS

if TYPE_CHECKING:
    from goldilocks.engine.diagnosis.report import Report

Bounds = tuple[float, float]


class Signal:
    """What the fixture `signal` gives."""

    def diagnose(self, make: Callable[[], Any] | str, batch: Any, init: str = "as_is", **wishes: Any) -> "Report":
        """Diagnose a network under one initialization; arguments as for `goldilocks.diagnose`."""
        from goldilocks import diagnose

        return diagnose(make, batch, [init], **wishes)

    def assert_preserved(
        self,
        make: Callable[[], Any] | str,
        batch: Any,
        forward: Bounds = PRESERVED,
        backward: Bounds = PRESERVED,
        seeds: int = SEEDS,
        init: str = "as_is",
        **wishes: Any,
    ) -> None:
        """Fail unless signal and gradient keep their size along the stream.

        Args:
            make: a function that makes the network, or its name.
            batch: what goes in.
            forward: limits of the factor of the signal's std per step, the geometric mean over seeds.
            backward: limits of that of the gradient's rms, on its way back.
            seeds: how many draws.
            init: initialization; `as_is` is what the function gives.
            wishes: further arguments of `goldilocks.diagnose`.
        """
        along = self.diagnose(make, batch, init, seeds=seeds, **wishes).strip(init)
        wanted = (("forward", along.forward_rate, forward), ("backward", along.backward_rate, backward))
        for name, rate, (low, high) in wanted:
            assert rate is not None, (
                f"{name}: the signal vanishes, is not finite, or the stream has fewer than two steps"
            )
            assert low <= rate.mean <= high, (
                f"the {name} rate is {rate.mean:.3g} per step over {rate.steps} steps from {along.labels[0]} to "
                f"{along.labels[-1]}; required are {low:g} to {high:g}"
            )

    def assert_healthy(
        self, make: Callable[[], Any] | str, batch: Any, floor: str = "error", init: str = "as_is", **wishes: Any
    ) -> None:
        """Fail when a rule finds something.

        Args:
            make: a function that makes the network, or its name.
            batch: what goes in.
            floor: lowest severity of a finding that fails: `note`, `warning` or `error`.
            init: initialization; `as_is` is what the function gives.
            wishes: further arguments of `goldilocks.diagnose`.
        """
        found = self.diagnose(make, batch, init, **wishes).worst(floor)
        assert not found, "\n".join(map(str, found))


@pytest.fixture(scope="session")
def signal() -> Signal:
    """Assertions about the signal in a network: `assert_preserved`, `assert_healthy`, `diagnose`."""
    return Signal()
