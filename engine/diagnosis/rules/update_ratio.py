from collections.abc import Iterator

import numpy as np

from goldilocks.engine.card import Card
from goldilocks.engine.diagnosis.evidence import Evidence
from goldilocks.engine.diagnosis.finding import Finding
from goldilocks.engine.diagnosis.rules.base import Rule, rules


@rules.register
class UpdateRatio(Rule):
    """A layer that one learning rate moves far more, or far less, than the others.

    Attributes:
        factor: distance from the median layer, either way, from which on it is a warning.
        fewest: layers that are needed to speak of a median.
    """

    name = "update_ratio"
    card = Card(
        "Update : weight", "rms of a step of gradient descent ÷ rms of the weights", "CS231n, Ratio of weights:updates"
    )
    exemptions = (
        "biases, scales, tables and branches; weights that are zero or get no gradient; adaptive optimizers even it out"
    )
    remedy = "Give the layer the scale of the others, or a learning rate of its own."

    factor: float = 3000.0
    fewest: int = 4

    def check(self, evidence: Evidence) -> Iterator[Finding]:
        """Yield a finding for each such weight."""
        stream = {site.index for site in evidence.sites if site.role == "stream"}
        places = [
            place
            for place, one in enumerate(evidence.parameters)
            if one.part == "weight" and one.connected and stream.intersection(one.sites)
        ]
        ratio = evidence.weights("update_ratio")[:, places]
        usable = np.isfinite(ratio) & (ratio > 0)
        if len(places) < self.fewest or not usable.any():
            return
        typical = np.array(
            [np.median(row[good]) if good.any() else np.nan for row, good in zip(ratio, usable, strict=True)]
        )
        for column, place in enumerate(places):
            with np.errstate(divide="ignore", invalid="ignore"):
                distance = ratio[:, column] / typical
                far = usable[:, column] & (np.maximum(distance, 1 / distance) > self.factor)
            yield from self.finding(
                evidence,
                evidence.parameters[place].name,
                distance,
                far,
                self.factor,
                "a step of gradient descent moves it {value} times as far, relative to its size, as the median layer.",
                "warning",
            )
