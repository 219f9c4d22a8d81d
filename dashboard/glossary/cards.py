"""What the store says of members, metrics and axes, and how these are written on the pages."""

import re
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import pandas as pd

from goldilocks.dashboard import axes, data, verdicts
from goldilocks.dashboard.glossary.terms import TERMS, Card
from goldilocks.dashboard.members import PART

# Kinds of cards that pages do not speak of by name.
UNSPOKEN = ("preset", "rule")
# Names of these are words of everyday language, too.
EVERYDAY = ("study", PART)
# The next sentence begins with a capital letter or a symbol.
SENTENCE = re.compile(r"(?<=\.)\s+(?=[^\Wa-z]|[‖|])")


@data.cached
def cards() -> list[Card]:
    """Return the meaning of everything that has one: members, axes, metrics, the field's own words, and verdicts."""
    return [*_members(), *_axes(), *_metrics(), *TERMS, *_verdicts()]


@data.cached
def listed() -> list[dict[str, Any]]:
    """Return all cards as a browser takes them."""
    return [{name: value for name, value in asdict(card).items() if value} for card in cards()]


def explain(metric: str) -> str | None:
    """Return what a metric is, in a sentence for a tooltip; None where the store does not say.

    Args:
        metric: name of the column.
    """
    found = data.query("metric_labels")
    meanings = found.loc[found["name"] == metric, "meaning"]
    return None if meanings.empty else _sentence(meanings.iloc[0])


def _members() -> Iterator[Card]:
    for row in data.query("scheme_cards").itertuples(index=False):
        if row.kind in UNSPOKEN:
            continue
        label = _text(row.label) or row.name
        meaning = _sentence(row.notes) or (_sentence(label) if row.kind == PART else "")
        alone = tuple(dict.fromkeys((row.name, label, row.title)))
        inside = tuple(_inside(row, label))
        yield Card(_title(row, label), meaning, _text(row.formula), _text(row.reference), alone, inside)


def _title(row: Any, label: str) -> str:
    """Return a member's title, with the name that pages write where the title does not hold it."""
    written = next((name for name in (row.name, label) if name.lower() not in row.title.lower()), None)
    return row.title if written is None else f"{row.title} ({row.name if row.kind == PART else written})"


def _inside(row: Any, label: str) -> list[str]:
    """Return how a member is written in sentences: names that are words of everyday language do not count."""
    formula = _text(row.formula)
    found = [row.name] if "_" in row.name or f"{row.name}(" in formula else []
    found += [label] if " " in label else []
    if formula and row.kind not in EVERYDAY and _text(row.reference):
        found.append(row.title.partition(" (")[0])
    return list(dict.fromkeys(found))


def _axes() -> Iterator[Card]:
    meanings = data.query("columns", relation="cells").set_index("name")["meaning"]
    for axis, title in axes.NAMES.items():
        if axis in meanings:
            yield Card(title, _sentence(meanings[axis]), alone=(title, f"{title}s", axis))


def _metrics() -> Iterator[Card]:
    metrics = data.query("metric_labels")
    # What several studies measure under one label is explained by what is common to all, where there is such a thing.
    metrics = metrics.sort_values("study", na_position="first", kind="stable").drop_duplicates("label")
    for row in metrics.itertuples(index=False):
        several = " " in row.label
        words = {row.label, axes.in_sentence(row.label)} if several else set()
        written = row.label if row.unit == "1" else f"{row.label} ({row.unit})"
        # Names of columns stand in answers and in SQL.
        alone = (written, row.label, *([row.name] if "_" in row.name else []))
        yield Card(row.label, _sentence(row.meaning), alone=tuple(dict.fromkeys(alone)), inside=tuple(sorted(words)))


def _verdicts() -> Iterator[Card]:
    """Yield what the words of growth mean; those without a limit have cards of their own."""
    for word in ("too small", "just right", "too big"):
        yield Card(word, f"Verdict on how signal and gradient grow. {verdicts.limits()}", alone=(word,), inside=(word,))


def _sentence(text: Any) -> str:
    """Return the first sentence of a text."""
    first = SENTENCE.split(_text(text), maxsplit=1)[0].rstrip(".")
    return f"{first[:1].upper()}{first[1:]}." if first else ""


def _text(value: Any) -> str:
    return "" if value is None or pd.isna(value) else str(value).strip()
