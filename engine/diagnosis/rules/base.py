"""What a rule declares: thresholds as its fields, a card, what it explains, and what it finds."""

from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from goldilocks.engine.diagnosis.evidence import Evidence
from goldilocks.engine.diagnosis.finding import Finding, Severity
from goldilocks.engine.diagnosis.measurement import Array
from goldilocks.engine.registry import Registry
from goldilocks.engine.scheme import Scheme

# A finding needs this share of the seeds.
AGREEING = 0.5


class Rule(Scheme):
    """Something that can be wrong with a network before its first step; the fields are its thresholds.

    Attributes:
        explains: names of the rules whose findings follow from one of this rule's, and are left out beside it.
        exemptions: what it does not hold against a network, in a sentence.
        remedy: what to do, in a sentence.
        code: the remedy in PyTorch, where there is one; `{module}` stands for the dotted name of the module.
    """

    explains: ClassVar[tuple[str, ...]] = ()
    exemptions: ClassVar[str] = ""
    remedy: ClassVar[str]
    code: ClassVar[str] = ""

    def check(self, evidence: Evidence) -> Iterator[Finding]:
        """Yield what is wrong under one initialization.

        Args:
            evidence: its measurement.
        """
        raise NotImplementedError(f"{type(self).__name__} must define check")

    def finding(
        self,
        evidence: Evidence,
        site: str,
        values: Array,
        crossed: Array,
        limit: float,
        why: str,
        severity: Severity,
        module: str = "",
    ) -> Iterator[Finding]:
        """Yield a finding where enough seeds agree, else nothing.

        Args:
            evidence: the measurement of the initialization.
            site: where.
            values: what was measured `[seed]`.
            crossed: whether the limit was crossed `[seed]`.
            limit: what it was held against.
            why: a sentence; `{value}` stands for the median of the seeds that crossed the limit.
            severity: how grave.
            module: dotted name of the module, for the remedy in code.
        """
        agree = int(np.sum(crossed))
        if agree == 0 or agree < AGREEING * evidence.seeds:
            return
        value = float(np.median(np.asarray(values, float)[np.asarray(crossed, bool)]))
        yield Finding(
            rule=self.name,
            severity=severity,
            init=evidence.init,
            site=site,
            value=value,
            limit=limit,
            seeds=agree,
            of=evidence.seeds,
            why=why.replace("{value}", f"{value:.3g}"),
            remedy=self.remedy,
            code=self.code.replace("{module}", module) if module or "{module}" not in self.code else "",
        )


rules: Registry[Rule] = Registry("rule", "goldilocks.engine.diagnosis.rules")
