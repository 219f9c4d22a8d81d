"""What a diagnosis gives: ranking, findings, and the network initialized in the way that was chosen."""

from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

import pandas as pd
from torch import nn

from goldilocks.engine.diagnosis import initialization
from goldilocks.engine.diagnosis.code import code
from goldilocks.engine.diagnosis.finding import Finding, at_least, counted
from goldilocks.engine.diagnosis.measurement import Measurement
from goldilocks.engine.diagnosis.ranking import Strip, ranking, strip
from goldilocks.engine.diagnosis.specimen import Specimen
from goldilocks.engine.diagnosis.verdict import verdict
from goldilocks.engine.errors import RequestError
from goldilocks.store.nearest import nearest


@dataclass(frozen=True)
class Report:
    """A diagnosis of one network.

    Attributes:
        name: what its factory is called.
        measurement: every initialization and seed at every site.
        findings: what the rules say, gravest first within each initialization.
        specimen: network, batch and loss.
        near: where a store keeps it, the trained networks in it that are most like it: rows of the named query
            `trained_near_diagnosed`.
    """

    name: str
    measurement: Measurement
    findings: tuple[Finding, ...]
    specimen: Specimen = field(repr=False)
    near: pd.DataFrame | None = field(default=None, repr=False, compare=False)

    @cached_property
    def ranking(self) -> pd.DataFrame:
        """The initializations, best first, with paired differences and intervals; see `ranking.ranking`."""
        return ranking(self.measurement, self.findings)

    def verdict(self, init: str) -> str:
        """Return the verdict on an initialization in a word or two."""
        return verdict(self.findings, init)

    def worst(self, floor: str) -> tuple[Finding, ...]:
        """Return the findings that are as grave as a severity, or graver."""
        return tuple(one for one in self.findings if at_least(one.severity, floor))

    def apply(self, init: str, seed: int = 0) -> nn.Module:
        """Return a new network, initialized.

        Args:
            init: `as_is`, `default`, or a registered initializer with modifiers.
            seed: of its draws.
        """
        return initialization.apply(self.specimen, init, seed)

    def code(self, init: str, seed: int = 0) -> str:
        """Return plain PyTorch that initializes a network `model` as `apply` does.

        Args:
            init: as for `apply`.
            seed: of its draws.
        """
        return code(self.specimen, init, seed)

    @property
    def heading(self) -> str:
        """Network and effort in a sentence."""
        cost, seen = self.measurement.cost, self.measurement
        seeds = len({one.seed for one in seen.configurations})
        inits = counted(len(seen.inits), "initialization")
        return (
            f"{self.name}: {counted(len(seen.sites), 'site')}, {counted(len(seen.parameters), 'parameter')}, {inits} × "
            f"{counted(seeds, 'seed')} in {cost.seconds:.1f} s on {cost.device}: {cost.method}, {cost.reason}."
        )

    @property
    def unseen(self) -> tuple[str, ...]:
        """What was not measured, in a sentence, or nothing."""
        names = self.measurement.unseen
        return (f"not called in the forward pass: {', '.join(names)}",) if names else ()

    def strip(self, init: str) -> Strip:
        """Return signal and gradient along the stream under an initialization, by the names of the sites.

        Args:
            init: one of those that were measured.

        Raises:
            RequestError: it is none of them.
        """
        if init not in self.measurement.inits:
            raise RequestError(f"{init!r} was not measured; {nearest(init, self.measurement.inits)}")
        return strip(self.measurement, init)

    def json(self) -> dict[str, Any]:
        """Return ranking and findings as plain JSON values; what is not finite is a text."""
        ranked = self.ranking.to_dict("records")
        return {
            "factory": self.name,
            "sites": len(self.measurement.sites),
            "ranking": [_plain(row | {"verdict": self.verdict(row["init"])}) for row in ranked],
            "findings": [_plain(asdict(one)) for one in self.findings],
            "unseen": list(self.measurement.unseen),
            "remarks": list(self.measurement.remarks),
            "cost": _plain(asdict(self.measurement.cost)),
        }

    def __str__(self) -> str:
        from goldilocks.engine.diagnosis.text import text

        return text(self)

    def _repr_html_(self) -> str:
        from goldilocks.engine.diagnosis.html import html

        return html(self)


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    def value(one: Any) -> Any:
        return str(one) if isinstance(one, float) and one - one != 0 else one

    return {str(key): value(one) for key, one in row.items()}
