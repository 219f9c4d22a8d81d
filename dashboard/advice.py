"""The sentences of the page that advises: what to use, how sure that is, and what trains instead."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from goldilocks.dashboard import axes, outlook, snippet, trains, verdicts
from goldilocks.dashboard.verbatim import verbatim
from goldilocks.dashboard.wish import Nearest, Wish

# What each wish that may fail is called in a sentence.
WISHES = {
    "norms": "normalization",
    "optimizer": "optimizer",
    "dataset": "data set",
    "network": "kind of network",
    "activation": "activation",
}
# So many are named in a sentence.
NAMED = 3


def name(row: Any, ranked: pd.DataFrame) -> str:
    """Return what the configuration of a row is called beside the others.

    Args:
        row: init, norm, optimizer and lr.
        ranked: all configurations; what they share is left out.
    """
    optimizer = f", {row.optimizer}" if ranked["optimizer"].nunique() > 1 else ""
    return f"{row.init}, {axes.text('norm', row.norm)}{optimizer}, {axes.text('lr', row.lr)}"


def title(row: pd.Series) -> str:
    """Return the configuration of a row in full, for a heading."""
    names = f"{row['init']}, {axes.text('norm', row['norm'])}, {row['optimizer']}"
    return f"{verbatim(names)} at learning rate {row['lr']:g}"


def where(shape: Mapping[str, Any]) -> str:
    """Return on which network something was measured.

    Args:
        shape: its axes.
    """
    return verbatim(
        f"{shape['network']} of {shape['depth']} layers of {shape['width']}, {shape['activation']}, "
        f"on {shape['dataset']} ({shape['preprocessing']}), batches of {shape['batch_size']}, {shape['steps']} steps"
    )


def lead(ranked: pd.DataFrame) -> tuple[str, str]:
    """Return label and value of how far the first leads the second."""
    if len(ranked) == 1 or pd.isna(ranked.iloc[1]["lead"]):
        return "Lead over the second", verdicts.NONE
    second = ranked.iloc[1]
    seeds = int(second["shared_seeds"])
    return (
        f"Lead over the second, {seeds} shared seed{'' if seeds == 1 else 's'}",
        f"{100 * second['lead']:+.1f} points",
    )


def comparison(ranked: pd.DataFrame) -> str:
    """Say which of the others the first is clearly better than, and of which that cannot be told."""
    others = ranked.iloc[1:]
    if others.empty:
        return "Nothing else was tried on this network, so this is an observation and not a comparison."
    untold = others["clearly_better"].isna()
    clear = others["clearly_better"].fillna(False).astype(bool)
    if clear.all():
        whole = "the other one" if len(others) == 1 else f"each of the {len(others)} others"
        return f"Clearly better than {whole}, compared seed by seed."
    alike = [f"*{verbatim(name)}*" for name in others.loc[~clear & ~untold, "configuration"]]
    sentences = []
    if alike:
        more = f" and {len(alike) - NAMED} more" if len(alike) > NAMED else ""
        sentences.append(f"Not clearly better than {', '.join(alike[:NAMED])}{more}: with these seeds, it may be luck.")
    if untold.any():
        whole = "the others" if untold.all() else f"{untold.sum()} of the others"
        sentences.append(
            f"Whether it is better than {whole} cannot be told: they share too few seeds with it. Run more."
        )
    if clear.any():
        sentences.append(f"Clearly better than {clear.sum()} of {len(others)}.")
    return " ".join(sentences)


def outlooks(judged: pd.DataFrame) -> list[str]:
    """Return one line per verdict: which initializations with which normalizations, and why."""
    lines = []
    for what in (outlook.SURVIVES, outlook.UNKNOWN, outlook.VANISHES, outlook.EXPLODES):
        rows = judged[judged["outlook"] == what].drop_duplicates(["init", "norm"])
        if rows.empty:
            continue
        names = [f"{verbatim(outlook.named(row))} ({row.why})" for row in rows.head(NAMED).itertuples()]
        names += [verbatim(outlook.named(row)) for row in rows.iloc[NAMED:].itertuples()]
        lines.append(f"- **{what}**: {'; '.join(names)}")
    return lines


def network(wish: Wish) -> str:
    """Return what a wanted network is called: its layers, activation and width."""
    layers = f"layer{'' if wish.depth == 1 else 's'}"
    return f"{wish.depth:,} {verbatim(wish.activation)} {layers} of {wish.width:,}"


def untrained(usable: pd.DataFrame, judged: pd.DataFrame, wanted: str) -> str:
    """Return the heading for a network that nobody trained.

    Args:
        usable: what may be used on it, the best first.
        judged: all that was tried on the nearest network, with what theory says of it on this one.
        wanted: what the network is called.
    """
    candidates = judged[judged["share_that_train"] > 0]
    if not usable.empty:
        return title(usable.iloc[0])
    if candidates.empty:
        return "Nothing that was tried on the nearest network trains"
    if (candidates["outlook"] == outlook.UNKNOWN).any():
        return "Unknown"
    return f"Nothing that trains on the nearest network survives in {wanted}"


def preferred(usable: pd.DataFrame, found: Nearest) -> pd.DataFrame:
    """Return what may be used, first of all what is meant at any width, where nothing else is clearly better.

    Args:
        usable: what may be used, the best first.
        found: the network on which it was tried.
    """
    if usable.empty or found.shape["width"] == found.wish.width or snippet.scale(usable.iloc[0]["init"]) is None:
        return usable
    # A comparison with the best of all: a row of which it cannot be told is no equal.
    equal = usable["clearly_better"].eq(False).fillna(False).astype(bool)
    free = usable["init"].map(lambda init: snippet.scale(init) is None).astype(bool)
    first = usable[equal & free].head(1)
    return pd.concat([first, usable.drop(first.index)])


def existing(usable: pd.DataFrame, width: int) -> pd.DataFrame:
    """Return of combinations those whose normalization exists at a width; all, where none does.

    Args:
        usable: combinations.
        width: units per layer that are wanted.
    """
    exist = usable[usable["norm"].map(lambda norm: snippet.divides(norm, width)).astype(bool)]
    return usable if exist.empty else exist


def at_width(usable: pd.DataFrame, found: Nearest) -> pd.DataFrame:
    """Return combinations with the standard deviations that they need at the width that is wanted.

    Args:
        usable: combinations.
        found: the network on which they were tried.
    """
    widths = found.shape["width"], found.wish.width
    return usable.assign(init=[snippet.at_width(init, *widths) for init in usable["init"]])


def nothing_alike(wish: Wish) -> str:
    """Say that nothing with this activation and these normalizations was trained."""
    norms = verbatim(", ".join(axes.text("norm", norm) for norm in wish.norms or ()))
    return f"Nothing like this was trained here: {verbatim(wish.activation)} with {norms}, as asked for above."


def instead(name: str) -> str:
    """Return what a wish is replaced by when it is given up.

    Args:
        name: of the wish.
    """
    return f"another {WISHES[name]}"


def failing(wish: Wish, found: Mapping[str, Nearest]) -> str:
    """Say which wishes fail, each with what was trained when it alone is given up.

    Args:
        wish: the wishes.
        found: the nearest network without each of them.
    """
    lines = ["Any one of these wishes is one too many; without it, the nearest network that was trained is:"]
    for name, one in found.items():
        value = getattr(wish, name)
        wanted = ", ".join(value) if isinstance(value, list) else value
        lines.append(f"- without *{WISHES[name]} {verbatim(str(wanted))}*: {where(one.shape)}")
    return "\n".join(lines)


def what_trains(label: str, row: pd.Series) -> str:
    """Return a line for a network that trains.

    Args:
        label: in which way it is like the one that was asked for.
        row: of the named query `what_trains`.
    """
    there = verbatim(f"{row['depth']} {row['activation']} layers of {row['width']} on {row['dataset']}")
    train = trains.of_seeds(row["share_that_train"], row["seeds"])
    return f"- {label}: {there} with {title(row)} (seeds that train: {train})"


def other_width(measured: str, used: str, width: int, wanted: int) -> str:
    """Say why another standard deviation is used than was measured.

    Args:
        measured: the initialization that was measured.
        used: the same at the wanted width.
        width: at which it was measured.
        wanted: the width that is wanted.
    """
    return (
        f"{verbatim(measured)} was measured at width {width}. What counts is σw, the std times "
        f"√fan-in: at width {wanted} the same σw is {verbatim(used)}."
    )
