"""What came of a check."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class CheckResult:
    """The result of one check: its name, its sentence, whether it holds, and an example or a note."""

    name: str
    sentence: str
    holds: bool
    detail: str = ""


@dataclass(frozen=True)
class Verdict:
    """What a check function returns: whether the invariant holds, and an example or a note."""

    holds: bool
    detail: str = ""
