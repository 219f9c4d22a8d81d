"""What a rule declares: thresholds as its fields, a card, what it explains, and what it finds."""

import re
from collections.abc import Iterator
from typing import ClassVar, Literal

import numpy as np

from goldilocks.engine.diagnosis.evidence import Evidence
from goldilocks.engine.diagnosis.finding import Finding, Severity
from goldilocks.engine.diagnosis.measurement import Array
from goldilocks.engine.registry import Registry
from goldilocks.engine.scheme import Scheme

# What becomes of the signal, in the words of the store's view `signal_rates`, the gravest first.
Verdict = Literal["diverged", "dead", "symmetric", "too big", "too small"]
BY_SIZE: tuple[Verdict, Verdict] = ("too small", "too big")
# What a remedy in code leaves open.
NAMED = re.compile(r"\{(\w+)\}")
# A finding needs this share of the seeds.
AGREEING = 0.5


def typical(values: Array) -> float:
    """Return the median of the numbers among some values, or NaN where there are none.

    Args:
        values: `[seed]`.
    """
    known = values[~np.isnan(values)]
    return float(np.median(known)) if len(known) else float("nan")


class Rule(Scheme):
    """Something that can be wrong with a network before its first step; the fields are its thresholds.

    Attributes:
        explains: names of the rules whose findings follow from one of this rule's, and are left out beside it.
        exemptions: what it does not hold against a network, in a sentence.
        remedy: what to do, in a sentence.
        code: the remedy in PyTorch, where there is one; names in braces stand for what `finding` is given, and a line
            with one that it is not given is left out.
        verdict: the word on an initialization with such a finding: one, or two for values below 1 and from 1 on; None
            where a finding says nothing against it as a whole, and then it is never an error.
    """

    explains: ClassVar[tuple[str, ...]] = ()
    exemptions: ClassVar[str] = ""
    remedy: ClassVar[str]
    code: ClassVar[str] = ""
    verdict: ClassVar[Verdict | tuple[Verdict, Verdict] | None] = None

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
        remedy: str = "",
        **named: str | float,
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
            remedy: in place of the rule's.
            named: what the remedy in code names, such as `module` or `weight`; an empty one is none.
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
            remedy=remedy or self.remedy,
            code=self._code({key: one for key, one in named.items() if one != ""}),
        )

    def _code(self, named: dict[str, str | float]) -> str:
        """Return the lines of the remedy in code that name nothing unknown."""
        texts = {key: one if isinstance(one, str) else f"{one:.3g}" for key, one in named.items()}
        lines = [line for line in self.code.splitlines() if texts.keys() >= set(NAMED.findall(line))]
        return "\n".join(NAMED.sub(lambda found: texts[found[1]], line) for line in lines)


rules: Registry[Rule] = Registry("rule", "goldilocks.engine.diagnosis.rules")
