"""How the members of the engine are seen: their order, their colours and their names, as the cards in the store say."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf

import pandas as pd

from goldilocks.dashboard import data, theme
from goldilocks.dashboard.lecture import setting
from goldilocks.dashboard.written import family

# What the cards call the family of an axis, where it is not the name of the axis.
KINDS = {"init": "initializer", "norm": "normalization"}
PART = "part"
# By snapshot.
_kept: dict[str, "Members"] = {}


@dataclass(frozen=True)
class Members:
    """All members that a store knows; they are given by axis and by name, parameters included or not.

    Attributes:
        ranks: places of those that have one, by kind and name.
        labels: what they are called, by kind and name.
        alike: names of the initializations whose weights are alike.
        paint: colours by name.
        parts: what parts of a quantity are called whose names are for machines, by name.
    """

    ranks: Mapping[tuple[str, str], int]
    labels: Mapping[tuple[str, str], str]
    alike: frozenset[str]
    paint: theme.Paint
    parts: Mapping[str, str] = field(default_factory=dict)

    def rank(self, axis: str, value: str) -> float:
        """Return the place of a member among those of its axis; infinite for one that comes last."""
        return self.ranks.get((KINDS.get(axis, axis), family(value)), inf)

    def label(self, axis: str, value: str) -> str:
        """Return what a member is called, its parameters included."""
        name, (_, opened, parameters) = family(value), value.partition("(")
        label = self.labels.get((KINDS.get(axis, axis), name), name)
        # The parameters stand beside the name.
        return label.replace(name, value, 1) if name in label else f"{label}{opened}{parameters}"

    def part(self, value: str) -> str:
        """Return what a part of a quantity is called; what follows its name, such as a size, stays."""
        name, comma, rest = value.partition(", ")
        return f"{self.parts.get(name, name)}{comma}{rest}"


def members() -> Members:
    """Return the members of the store.

    They are asked for many times in a figure: looking them up must cost nothing, and Streamlit's cache takes 0.4 ms.
    """
    version = data.version()
    found = _kept.get(version)
    if found is None:
        found = of(data.query("presentation"), data.query("scheme_cards", kind=PART))
        # Another snapshot may have come meanwhile.
        if data.version() == version:
            if len(_kept) >= data.MOST_SNAPSHOTS:
                _kept.clear()
            _kept[version] = found
    return found


def of(found: pd.DataFrame, parts: pd.DataFrame | None = None) -> Members:
    """Return the members of some cards.

    Args:
        found: rows of the named query `presentation`.
        parts: rows of the named query `scheme_cards` for parts of quantities.
    """
    rows = list(found.itertuples(index=False))
    slots = {row.name: row.colour for row in rows if row.colour in theme.SLOTS} | setting.COLOURS
    labels = {(row.kind, row.name): row.label for row in rows}
    titles = {} if parts is None else dict(zip(parts["name"], parts["title"], strict=True))
    # A label of its own tells what a name of machines does not.
    called = {name: title for name, title in titles.items() if labels.get((PART, name), name) != name}
    # Under either name a part has the same colour.
    slots |= {title: slots[name] for name, title in called.items() if name in slots}
    return Members(
        {(row.kind, row.name): int(row.rank) for row in rows if pd.notna(row.rank)},
        labels,
        frozenset(found.loc[found["alike"].fillna(False).astype(bool), "name"]),
        theme.Paint({name: theme.SLOTS[slot] for name, slot in slots.items()}),
        called,
    )
