"""How a reader gets more out of a figure of lines: a rule with all values, one line alone, and a part of the axis.

All of it happens in the browser. A rule stands at the x that is nearest to the pointer; the legend isolates lines; what
is dragged across is zoomed into, and a double click zooms out. What is not of the chosen part is left out of the data,
so that all axes fit what is left.
"""

import json
import re
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from goldilocks.dashboard import theme
from goldilocks.dashboard.charts.template import Spec, slot

# What the parts are called that the selections belong to.
VIEWS = "reader_view"
# The selections: the x under the pointer, where it was pressed, the part that is shown, and the names in the legends.
HOVERED, PRESSED, ZOOMED = "reader_hovered", "reader_pressed", "reader_zoomed"
ISOLATED, DASHES = "reader_isolated", "reader_isolated_dashes"
SELECTION = re.compile(rf"\b({'|'.join((HOVERED, PRESSED, ZOOMED, DASHES, ISOLATED, VIEWS))})")
# So many lines of a panel are told beside the rule; more would not fit on a screen.
MOST_TOLD = 20
# The ends of what is being dragged across, and what is told of a line.
FROM, TO, TOLD = "from_x", "to_x", "told"
# Whether all is shown.
WHOLE = f"!length(data('{ZOOMED}_store'))"
FIRST_PRESSED = f"length(data('{PRESSED}_store')) ? data('{PRESSED}_store')[0].values[0] : null"
# A click drags across nothing.
DRAGGED = f"event.item.datum.datum.{FROM} !== null && event.item.datum.datum.{FROM} !== event.item.datum.datum.{TO}"


def number_format(share: bool) -> str:
    """Return how a value is written beside the rule."""
    return ".1%" if share else ".4~g"


def told(mean: str, low: str, high: str, wide: bool, share: bool) -> str:
    """Return an expression for what is told of a line at one x: its mean, the ends of its band and what was lost.

    Args:
        mean: the column of the mean as it was measured; `low` and `high` likewise.
        low: the column of the lower end.
        high: the column of the upper end.
        wide: whether there are bands.
        share: whether the values are shares.
    """
    text = lambda name: f"format(datum.{name}, '{number_format(share)}')"
    value = f"(isValid(datum.{mean}) ? {text(mean)} : 'not finite')"
    band = (
        f"(isValid(datum.{mean}) && datum.{low} < datum.{high} ? ' (' + {text(low)} + ' to ' + {text(high)} + ')' : '')"
    )
    lost = "(datum.lost > 0 ? ', ' + datum.lost + ' of ' + datum.seeds + ' seeds not finite' : '')"
    return " + ".join([value, *([band] if wide else []), lost])


def table(data: pd.DataFrame, x: str, across: str, up: str, panels: str | None) -> str:
    """Return an expression for the table beside the rule: one row for each line that has a value there.

    Args:
        data: the rows, with the column `configuration`.
        x: the horizontal column.
        across: what it is called.
        up: what the values are.
        panels: the column that makes panels, if any.
    """
    lines = data.drop_duplicates(["configuration", *([panels] if panels else [])])
    place = lines.groupby(panels, sort=False).cumcount() if panels else pd.Series(np.arange(len(lines)), lines.index)
    names = list(dict.fromkeys(lines.loc[place < MOST_TOLD, "configuration"].astype(str)))
    row = "datum.datum"
    number = f"isNumber({row}[{_text(x)}]) ? format({row}[{_text(x)}], '.6~g') : {row}[{_text(x)}]"
    entries = [f"{_text(across)}: {number}", f"{_text('of')}: {_text(up)}"]
    entries += [f"{_text(name)}: {row}[{_text(name)}]" for name in names]
    if (place >= MOST_TOLD).any():
        entries.append(f"{_text('…')}: {_text('more lines than fit here')}")
    return f"{row} ? {{{', '.join(entries)}}} : null"


def _text(words: str) -> str:
    """Return a text as a literal of Vega's expressions."""
    return json.dumps(words, ensure_ascii=False)


def zoomed(column: str) -> str:
    """Return an expression that tells whether a row lies in the part that is shown.

    Args:
        column: an expression for its x.
    """
    return f"{WHOLE} || inrange({column}, data('{ZOOMED}_store')[0].values)"


def isolating(name: str, field: str) -> alt.Parameter:
    """Return the selection of names in a legend: a click isolates one, another click adds or takes one away.

    Args:
        name: of the selection.
        field: the column of the legend.
    """
    return alt.selection_point(name=name, fields=[field], bind="legend", toggle="true")


def rule(x: alt.X, field: str, datum: str, told: str) -> list[alt.Chart]:
    """Return what follows the pointer: the part that is dragged across, and a rule with all values.

    Args:
        x: the horizontal encoding.
        field: its column.
        datum: an expression for it.
        told: an expression for what is told of a line.
    """
    ends = {TO: datum, FROM: FIRST_PRESSED}
    dragged = (
        alt.Chart()
        .transform_filter({"param": HOVERED, "empty": False})
        .transform_aggregate(groupby=[field])
        .transform_calculate(**ends)
        .transform_filter(f"isValid(datum.{FROM})")
        .mark_rect(color=theme.NEUTRAL, opacity=0.2)
        .encode(x=x, x2=alt.X2(field=FROM))
    )
    values = (
        alt.Chart(name=f"{VIEWS}_rule")
        .transform_calculate(**{TOLD: told})
        .transform_pivot("configuration", value=TOLD, groupby=[field], op="max")
        # Only now: what is pressed must not make other rows of these, for a browser tells no double click on what goes
        # away between the clicks.
        .transform_calculate(**ends)
        .mark_rule(color=theme.NEUTRAL, strokeWidth=1.5)
        .encode(
            x=x,
            opacity=alt.value(0, condition={"param": HOVERED, "empty": False, "value": 0.9}),
            tooltip=alt.value(alt.ExprRef(slot("table"))),
        )
        .add_params(*_pointing(field))
    )
    return [dragged, values]


def _pointing(field: str) -> list[alt.Parameter]:
    """Return the selections of the pointer: the place nearest to it, where it was pressed, and what it dragged across.

    Args:
        field: the horizontal column.
    """
    nearest: Spec = {"nearest": True, "toggle": False}
    anywhere: Any = {"source": "window", "type": "pointerup"}
    released: Any = {"source": "scope", "type": "pointerup", "filter": [DRAGGED]}
    return [
        alt.selection_point(name=HOVERED, fields=[field], on="pointerover", clear="pointerout", empty=False, **nearest),
        alt.selection_point(name=PRESSED, fields=[TO], on="pointerdown", clear=anywhere, **nearest),
        alt.selection_point(name=ZOOMED, fields=[FROM, TO], on=released, clear="dblclick", **nearest),
    ]


def renamed(spec: Spec, place: int) -> Spec:
    """Return a chart whose selections are its own, whatever those of its neighbours in a picture are called.

    Args:
        spec: what Vega-Lite draws.
        place: among the neighbours.
    """
    return json.loads(SELECTION.sub(rf"\1_{place}", json.dumps(spec)))
