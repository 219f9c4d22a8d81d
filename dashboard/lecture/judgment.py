"""What became of a row's claim: judged part by part, with the one number that decides.

The sentences of a row, its verdict in the overview and the answer to its question are all made of this.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from goldilocks.dashboard.lecture.wording import judged, sentence

HOLDS, IN_PART, NOT_HERE, CANNOT_TELL = "holds", "in part", "not here", "cannot tell"
VERDICTS = (HOLDS, IN_PART, NOT_HERE, CANNOT_TELL)


@dataclass(frozen=True)
class Judgment:
    """A part of a claim, and what became of it.

    Attributes:
        text: what is said, with the verdict in it.
        holds: whether it holds; None where the data cannot tell.
    """

    text: str
    holds: bool | None

    def __str__(self) -> str:
        return self.text


def judge(claim: str, holds: bool | None, because: str = "") -> Judgment:
    """Return what became of a part of a claim, in words.

    Args:
        claim: the part, as a clause.
        holds: whether it holds; None where the data cannot tell.
        because: what follows the verdict, with its punctuation.
    """
    return Judgment(f"{claim} {judged(holds)}{because}", holds)


@dataclass(frozen=True)
class Sentence:
    """What is said in one sentence.

    Attributes:
        clauses: its parts; empty ones are left out.
        about: what all of them are about.
    """

    clauses: Sequence[str | Judgment]
    about: str = ""

    def __str__(self) -> str:
        return sentence(map(str, self.clauses), self.about)


@dataclass(frozen=True)
class Number:
    """The number that decides what becomes of a claim.

    Attributes:
        value: the number as it is written, with its interval where it has one.
        meaning: what it is, as it follows the number.
    """

    value: str
    meaning: str


@dataclass(frozen=True)
class Measured:
    """What the store says about a claim.

    Attributes:
        sentences: all of it.
        number: what decides; None where there is nothing.
        answer: which option of the row's question the data support; empty where they cannot tell.
    """

    sentences: tuple[Sentence, ...] = ()
    number: Number | None = None
    answer: str = ""

    @property
    def text(self) -> str:
        """All sentences, with interval and seeds; empty where the store has nothing."""
        return " ".join(filter(None, map(str, self.sentences)))

    @property
    def judgments(self) -> tuple[Judgment, ...]:
        """The parts of the claim that were judged."""
        return tuple(part for one in self.sentences for part in one.clauses if isinstance(part, Judgment))

    @property
    def verdict(self) -> str:
        """One of `VERDICTS`: holds when all parts do, in part when some do; empty where nothing was measured."""
        return overall([one.holds for one in self.judgments]) if self.text else ""


NOTHING = Measured()


def overall(parts: Sequence[bool | None]) -> str:
    """Return the verdict on a claim of several parts.

    Args:
        parts: whether each holds; None where the data cannot tell.
    """
    if True in parts:
        return HOLDS if all(parts) else IN_PART
    return NOT_HERE if False in parts else CANNOT_TELL


def every(parts: Iterable[bool | None]) -> bool | None:
    """Tell whether all of several parts hold, as one part; None where the data cannot tell of some and deny none.

    Args:
        parts: whether each holds.
    """
    known = list(parts)
    return False if False in known else None if None in known else True


def option(options: Sequence[str], limits: Sequence[float], value: float) -> str:
    """Return the answer that a number falls under; empty where there is no number.

    Args:
        options: answers from the least to the largest number.
        limits: what lies between each two.
        value: the number.
    """
    return "" if pd.isna(value) else options[int(np.searchsorted(limits, value))]
