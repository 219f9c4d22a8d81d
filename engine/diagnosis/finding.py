"""What a rule says: where, how much, against which limit, on how many seeds, why, and what to do."""

from dataclasses import dataclass
from typing import Literal

Severity = Literal["note", "warning", "error"]
SEVERITIES: tuple[Severity, ...] = ("note", "warning", "error")


@dataclass(frozen=True)
class Finding:
    """One finding about one initialization.

    Attributes:
        rule: name of the rule.
        severity: `error`: training will fail or is wasted; `warning`: it will suffer; `note`: worth knowing.
        init: the initialization.
        site: label of the site, or name of the parameter or module.
        value: what was measured; the median over the seeds that agree.
        limit: what it was held against.
        seeds: seeds on which the limit was crossed.
        of: seeds there were.
        why: what was seen and what it does, in one sentence.
        remedy: what to do, in one sentence.
        code: the remedy in PyTorch; empty where there is none.
    """

    rule: str
    severity: Severity
    init: str
    site: str
    value: float
    limit: float
    seeds: int
    of: int
    why: str
    remedy: str
    code: str = ""

    @property
    def fingerprint(self) -> str:
        """What stays the same from one run to the next: rule, initialization and site."""
        return f"{self.rule}/{self.init}/{self.site}"

    def __str__(self) -> str:
        return f"{self.severity} [{self.rule}] {self.site}: {self.why} {self.remedy}"


def at_least(severity: str, floor: str) -> bool:
    """Tell whether a severity is as grave as another, or graver.

    Args:
        severity: the one.
        floor: the other.
    """
    order: tuple[str, ...] = SEVERITIES
    return order.index(severity) >= order.index(floor)


def counted(count: int, noun: str) -> str:
    """Return a number with its noun, such as `1 seed` or `5 seeds`.

    Args:
        count: the number.
        noun: in the singular.
    """
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
