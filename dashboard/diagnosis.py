"""A network of the reader's own that was diagnosed, as a value, and what the store says of it."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from goldilocks.dashboard import axes, data
from goldilocks.dashboard.numerals import numeral
from goldilocks.dashboard.question import Question
from goldilocks.dashboard.verdicts import NONE

# Where the sites lie that the strips show: from input to output, or anywhere.
ROLES = {"the stream": ("stream", "read-out"), "all sites": ("stream", "branch", "skip", "read-out")}


@dataclass(frozen=True)
class Diagnosis:
    """A diagnosed network under the initializations that the page compares.

    Attributes:
        network: the function that makes it, with its digest.
        inits: the initializations.
    """

    network: str
    inits: tuple[str, ...]

    @property
    def values(self) -> dict[str, Any]:
        """The parameters of a query about it."""
        return {"network": self.network, "inits": list(self.inits)}

    @property
    def ranking(self) -> Question:
        """Which initialization is best."""
        return Question("diagnosis_ranking", self.values)

    @property
    def findings(self) -> Question:
        """What its rules found."""
        return Question("findings_over_seeds", self.values)

    @property
    def near(self) -> Question:
        """Trained networks like it."""
        return Question("trained_near_diagnosed", {"network": self.network})

    def sites(self, shown: str) -> Question:
        """Return the question for what its sites give on.

        Args:
            shown: a key of `ROLES`.
        """
        return Question("sites_over_seeds", self.values | {"roles": list(ROLES[shown])})


def networks() -> pd.DataFrame:
    """Return all diagnosed networks, the newest first."""
    return data.query("diagnosed_networks").sort_values("ended_at", ascending=False, kind="stable", ignore_index=True)


def title(row: Any) -> str:
    """Return what a diagnosed network is called where one is chosen.

    Args:
        row: of `networks`.
    """
    # Another seed or initialization makes it newer, and leaves links to it as they are.
    return f"{row.network} on {row.dataset}"


def about(row: Any) -> list[str]:
    """Return what there is to know of a diagnosed network, in a few words each.

    Args:
        row: of `networks`.
    """
    study = dict(row.study_axes)
    classes = f"{study['classes']} classes" if study.get("classes", "0") not in ("0", "") else "no classes"
    when = [f"diagnosed {row.ended_at:%d %b %Y, %H:%M} UTC"] if pd.notna(row.ended_at) else []
    return [
        *when,
        f"{row.depth} steps of the stream, {row.width} wide",
        f"{row.sites} sites",
        f"{row.weights:,} weights in {row.parameters} parameters",
        axes.text("activation", row.activation),
        axes.text("norm", row.norm),
        f"batch {row.dataset}",
        classes,
        f"{row.seeds} seed{'s' if row.seeds != 1 else ''}",
    ]


def interval(low: Any, high: Any, digits: int = 3) -> str:
    """Return an interval in words; nothing where there is none.

    Args:
        low: its lower end.
        high: its upper end.
        digits: how many digits count.
    """
    if pd.isna(low) or pd.isna(high):
        return ""
    return f" ({numeral(low, digits)} to {numeral(high, digits)})"


def per_step(rate: Any, low: Any, high: Any) -> str:
    """Return a rate per step with its interval over the seeds.

    Args:
        rate: the factor; missing where a seed has none.
        low: lower end of the interval.
        high: upper end.
    """
    return f"×{numeral(rate)} per step{interval(low, high)}" if pd.notna(rate) else NONE
