"""Figures of what a study measured, whichever study it is: made from the cards in the store's table `metrics`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from goldilocks.dashboard import axes, cell_filters, commands, data, theme
from goldilocks.dashboard.charts.lines import AS_MEASURED, MOST_LINES, PINNED, Axis, lines
from goldilocks.dashboard.charts.style import spans_decades
from goldilocks.dashboard.figure import Figure
from goldilocks.dashboard.interval import BANDS, banded
from goldilocks.dashboard.members import members
from goldilocks.dashboard.numerals import numeral
from goldilocks.dashboard.question import Question
from goldilocks.dashboard.verbatim import verbatim

POSITION, PART, AUTOMATIC = "position", "part", "automatic"
# The column of what a colour tells where an axis alone would leave lines alike.
LOOK = "look"
# With more lines than this in one panel, a figure that may choose makes panels, at most so many.
FEW_LINES, MOST_PANELS = 6, 8
# Whole numbers up to this many have a tick each.
MOST_TICKS = 60
# A smallest mean above this share of the largest one is far from zero.
NEAR = 0.6
# A share of the height of a figure within which one line hides another.
LINE_WIDTH = 0.01
# What the ranges hold that a study stored, where it did.
OF_DIRECTIONS = "95 % of the random directions"


@dataclass(frozen=True)
class QuantityPlot:
    """What to draw of a quantity.

    Attributes:
        study: the study.
        quantity: its name.
        title: the finding or question above the figure.
        x: `position`, `part` or an axis; None chooses.
        colour: likewise; None chooses.
        panels: likewise; None draws one panel, `automatic` chooses.
        cells: values on some axes; all on the others.
        parts: parts; all when empty.
        band: a key of `interval.BANDS`.
        part: what its parts are.
        ending: what the names of the parts end in and the figure does not repeat.
        fitted: whether the axis of a share ends where the values do, and not at 0 and 1.
        resolution: share of the largest value below which there is nothing but rounding; 0 where all is told.
        ends: the parts with the ends of the study's own band, `OF_DIRECTIONS`; the band of the seeds when empty.
    """

    study: str
    quantity: str
    title: str = ""
    x: str | None = None
    colour: str | None = None
    panels: str | None = None
    cells: Mapping[str, Sequence[Any]] | None = None
    parts: Sequence[str] = ()
    band: str = "range"
    part: str = "Part"
    ending: str = ""
    ends: tuple[str, str] | tuple[()] = ()
    fitted: bool = False
    resolution: float = 0.0


@data.cached
def card(study: str, quantity: str) -> pd.Series | None:
    """Return label, unit, meaning and position of a quantity, or None when the store does not know it.

    Args:
        study: the study.
        quantity: its name.
    """
    metrics = data.query("metric_labels")
    found = metrics[(metrics["name"] == quantity) & ((metrics["study"] == study) | metrics["study"].isna())]
    return None if found.empty else found.iloc[0]


def parts(study: str, quantity: str) -> list[str]:
    """Return the parts in which a study measures a quantity.

    Args:
        study: the study.
        quantity: its name.
    """
    return list(data.query("quantity_parts", study=study, quantity=quantity)["part"])


def title_of(found: pd.Series | None, quantity: str) -> str:
    """Return the axis title of a quantity, with its unit where it has one."""
    if found is None:
        return quantity
    return found["label"] if found["unit"] == "1" else f"{found['label']} ({found['unit']})"


def measured(study: str) -> list[str]:
    """Return the names of the quantities that a study has measured in this store.

    Args:
        study: its name.
    """
    studies = data.query("measured_studies")
    rows = studies.loc[studies["study"] == study, "quantities"]
    return [] if rows.empty or rows.iloc[0] is None or rows.iloc[0] is pd.NA else [str(name) for name in rows.iloc[0]]


def question(plot: QuantityPlot) -> Question:
    """Return the question behind a plot."""
    bound = cell_filters.bound({axis: list(chosen) for axis, chosen in (plot.cells or {}).items()})
    parts = {"parts": [*plot.parts, *plot.ends]} if plot.parts else {}
    return Question("quantity_over_seeds", {"study": plot.study, "quantity": plot.quantity, **parts, **bound})


def rows(plot: QuantityPlot) -> pd.DataFrame:
    """Return the rows of a plot: one per configuration, part and position, over seeds."""
    found = question(plot).frame()
    return axes.spread(found.assign(lost=found["seeds"] - found["finite"]))


def figure(plot: QuantityPlot) -> Figure | None:
    """Return the figure of a quantity, or None when it has not been measured.

    Args:
        plot: what to draw.
    """
    found = rows(plot)
    if plot.ends:
        found = _with_ends(found, plot.ends)
    if found.empty:
        return None
    found = found.assign(part=found["part"].str.removesuffix(plot.ending).map(members().part))
    meaning = card(study=plot.study, quantity=plot.quantity)
    title = title_of(meaning, plot.quantity)
    x, colour, panels = _encoding(found, plot)
    named = _named(found, x, colour)
    names = list(dict.fromkeys(named["configuration"]))
    titles = partial(_title, meaning=meaning, part=_parts_are(plot, found))
    named = named[named["configuration"].isin(names[:MOST_LINES])]
    named = named if plot.ends else banded(named, plot.band)
    named, rounded = _without_rounding(named, plot.resolution)
    logarithmic = spans_decades(named["mean"])
    dashed = PART if PART not in (x, colour, panels) else None
    legend = axes.coloured(colour, titles(colour), axes.ordered(colour, named[colour].dropna()))
    named, paint = _painted(named, x, legend, [name for name in (dashed, panels) if name])
    across = _axis(named, x, titles(x), across=True)
    hidden = set() if across.category else _hidden(named, x, [name for name in (panels,) if name], logarithmic)
    chart = lines(
        named.assign(**{PINNED: named["configuration"].isin(hidden)}),
        across,
        Axis("mean", title, logarithmic, share=_is_share(named, title), fitted=plot.fitted),
        paint,
        dash=_axis(named, dashed, titles(dashed)) if dashed else None,
        panels=_axis(named, panels, titles(panels)) if panels else None,
        points=named[x].nunique() <= 40,
        zero=_from_zero(named),
        band=OF_DIRECTIONS if plot.ends else BANDS[plot.band],
    )
    seeds = int(found["seeds"].max())
    note = _sentence(meaning["meaning"] if meaning is not None else title, seeds, plot.band, bool(plot.ends))
    if len(names) > MOST_LINES:
        note += f" {len(names)} lines are selected; the first {MOST_LINES} are drawn."
    if hidden:
        note += " Where lines lie on each other, the one below is thicker."
    if rounded:
        note += f" Less than {numeral(plot.resolution)} of the largest value is rounding, and stands where zero does."
    if paint.field == colour and _alike(named, [name for name in (colour, dashed, panels) if name]):
        note += " There are more lines than colours; hover over one to see which it is."
    return Figure(
        plot.title or f"{title}: how does it change with the {axes.in_sentence(titles(x))}?",
        chart,
        question(plot),
        f"{title} against {axes.in_sentence(titles(x))}, coloured by {axes.in_sentence(titles(colour))}.",
        note,
    )


@data.cached
def _cached(plot: QuantityPlot) -> Figure | None:
    return figure(plot)


def show(plot: QuantityPlot, key: str) -> bool:
    """Draw a quantity, or say that it has not been measured.

    Args:
        plot: what to draw.
        key: name of the figure, unique on the page.

    Returns:
        Whether there was something to draw.
    """
    found = _cached(plot)
    if found is None:
        absent(plot.study)
        return False
    found.show(key)
    return True


def absent(study: str) -> None:
    """Say that a study has not been carried out, and how to do so."""
    st.info(f"No results for the study {verbatim(study)} yet. {commands.remedy('run demo', 'to compute some')}")


def candidates(found: pd.DataFrame) -> list[str]:
    """Return what may stand on an axis: the position, the part, and the axes on which the rows differ."""
    first = [POSITION] if found["position"].notna().any() else []
    parts = [PART] if found["part"].nunique() > 1 else []
    return [*first, *_varying(found), *parts]


def _varying(found: pd.DataFrame) -> list[str]:
    """Return the axes on which the rows differ; of those that a study has alone, not one that repeats the part."""
    own = [name for name in axes.varying(found, axes.own(found)) if not _repeats(found, name)]
    return [*axes.varying(found, list(axes.NAMES)), *own]


def _repeats(found: pd.DataFrame, name: str) -> bool:
    pairs = found.drop_duplicates([name, PART])
    return len(pairs) == found[name].nunique() == found[PART].nunique()


def _with_ends(found: pd.DataFrame, ends: tuple[str, str]) -> pd.DataFrame:
    """Make low and high of two of the parts."""
    keys = [*axes.NAMES, *axes.own(found), POSITION]
    result = found[~found["part"].isin(ends)].drop(columns=["low", "high"])
    for name, part in zip(("low", "high"), ends, strict=True):
        of_part = found.loc[found["part"] == part, [*keys, "mean"]].rename(columns={"mean": name})
        result = result.merge(of_part, on=keys, how="left")
    return result


def _encoding(found: pd.DataFrame, plot: QuantityPlot) -> tuple[str, str, str | None]:
    offered = candidates(found) or ["init"]
    numeric = [name for name in offered if name == POSITION or axes.numeric(found, name)]
    x = plot.x if plot.x in offered else (numeric or offered)[0]
    rest = [name for name in offered if name != x] or ["init"]
    colour = plot.colour if plot.colour in rest else rest[0]
    others = [name for name in rest if name != colour]
    if plot.panels == AUTOMATIC:
        few = [name for name in others if name != PART and found[name].nunique() <= MOST_PANELS]
        return x, colour, few[0] if few and len(found.drop_duplicates(others)) > FEW_LINES else None
    return x, colour, plot.panels if plot.panels in others else None


def _named(found: pd.DataFrame, x: str, colour: str) -> pd.DataFrame:
    """Name each line by what tells it apart; what follows from x, as a rate may from a batch size, does not."""
    named = axes.named(found, _differing(found, x), colour if colour != POSITION else "init")
    if x == POSITION:
        return named.sort_values(["configuration", x], kind="stable").reset_index(drop=True)
    rank = named[x].map({value: place for place, value in enumerate(axes.ordered(x, named[x]))})
    return named.loc[rank.sort_values(kind="stable").index].reset_index(drop=True)


def _differing(found: pd.DataFrame, x: str) -> list[str]:
    differing = [*_varying(found), *axes.varying(found, [PART])]
    return [name for name in differing if name != x and not _follows(found, name, x)]


def _painted(named: pd.DataFrame, x: str, paint: Axis, elsewhere: Sequence[str]) -> tuple[pd.DataFrame, Axis]:
    """Let no two lines look alike: where they would, colour tells all that neither a dash nor a panel does.

    Args:
        named: the lines, with the column `configuration`.
        x: what stands across.
        paint: the axis that colours them otherwise, and where there are not enough colours.
        elsewhere: what dashes and panels tell.
    """
    if not _alike(named, [paint.field, *elsewhere]):
        return named, paint
    parts = [name for name in _differing(named, x) if name not in elsewhere]
    looks = axes.named(named, parts, paint.field)["configuration"]
    if looks.nunique() > len(theme.HUES):
        return named, paint
    return named.assign(**{LOOK: looks}), axes.coloured(LOOK, "Configuration", list(dict.fromkeys(looks)))


def _alike(named: pd.DataFrame, seen: Sequence[str]) -> bool:
    """Tell whether lines of several configurations look the same."""
    return bool(named.drop_duplicates(["configuration", *seen]).duplicated(list(seen)).any())


def _without_rounding(named: pd.DataFrame, resolution: float) -> tuple[pd.DataFrame, bool]:
    """Draw as zero what is rounding alone, so that the axis does not reach down to it; return whether there was any.

    Args:
        named: the lines.
        resolution: share of the largest mean.
    """
    means = named["mean"].to_numpy(float, na_value=np.nan)
    finite = means[np.isfinite(means)]
    lost = np.abs(means) < resolution * np.abs(finite).max(initial=0)
    if not lost.any():
        return named, False
    drawn = {name: named[name].mask(lost, 0.0) for name in ("mean", "low", "high") if name in named}
    return named.assign(**{AS_MEASURED: means, **drawn}), True


def _hidden(named: pd.DataFrame, x: str, panels: Sequence[str], logarithmic: bool) -> set[str]:
    """Return the configurations whose lines lie below another one that is drawn later.

    Args:
        named: the lines, in the order in which they are drawn.
        x: what stands across.
        panels: what makes panels.
        logarithmic: whether the vertical axis is.
    """
    found: set[str] = set()
    for _, panel in named.groupby(list(panels), sort=False) if panels else [("", named)]:
        names = list(dict.fromkeys(panel["configuration"]))
        table = panel.pivot_table("mean", x, "configuration", sort=False, dropna=False)[names].to_numpy(float)
        with np.errstate(divide="ignore", invalid="ignore"):
            heights = np.log10(table) if logarithmic else table
        # What vanished stands on the floor.
        heights = np.where(np.isneginf(heights), np.nanmin(heights[np.isfinite(heights)], initial=0.0), heights)
        near = LINE_WIDTH * np.ptp(heights[np.isfinite(heights)]) if np.isfinite(heights).any() else 0.0
        for place, name in enumerate(names):
            # Two that went to infinity are not apart by a number.
            with np.errstate(invalid="ignore"):
                apart = np.abs(heights[:, place + 1 :] - heights[:, [place]])
            told = np.isfinite(apart).sum(axis=0)
            if ((told > 1) & (np.nan_to_num(apart, nan=0.0) <= near).all(axis=0)).any():
                found.add(name)
    return found


def _follows(found: pd.DataFrame, name: str, x: str) -> bool:
    different = found.drop_duplicates([x, name])
    return len(different) > 1 and not different[x].duplicated().any()


def _title(name: str, meaning: pd.Series | None, part: str) -> str:
    if name == POSITION:
        return str(meaning["position"]) if meaning is not None and pd.notna(meaning["position"]) else "Position"
    return part if name == PART else axes.title(name)


def _parts_are(plot: QuantityPlot, found: pd.DataFrame) -> str:
    return "Layer" if found["part"].str.startswith("layer ").all() else plot.part


def _axis(named: pd.DataFrame, name: str, title: str, across: bool = False) -> Axis:
    ordered = axes.ordered(name, named[name].dropna())
    number = name == POSITION or axes.numeric(named, name)
    if not across or not number:
        return Axis(name, title, values=ordered, category=across)
    numbers = named[name].astype(float)
    whole = bool((numbers % 1 == 0).all() and numbers.max() <= MOST_TICKS)
    logarithmic = not whole and bool((numbers > 0).all()) and spans_decades(numbers, 1.4)
    return Axis(name, title, logarithmic, whole=whole)


def _is_share(named: pd.DataFrame, title: str) -> bool:
    worded = any(word in title.lower() for word in ("accuracy", "share"))
    return worded and bool(named["mean"].min() >= 0 and named["mean"].max() <= 1)


def _from_zero(named: pd.DataFrame) -> bool:
    """Tell whether an axis starts at zero: not where all that happens would be a thin line far above it."""
    finite = named["mean"][np.isfinite(named["mean"].astype(float))]
    return finite.empty or not finite.min() > NEAR * finite.max() > 0


def _sentence(meaning: Any, seeds: int, band: str, own_ranges: bool) -> str:
    text = str(meaning).strip().rstrip(".")
    text = f"{text[:1].upper()}{text[1:]}."
    if own_ranges:
        return f"{text} Band: {OF_DIRECTIONS}; {f'averaged over {seeds} seeds' if seeds > 1 else 'one seed'}."
    return f"{text} Mean over up to {seeds} seeds; band: {BANDS[band]}." if seeds > 1 else f"{text} One seed."
