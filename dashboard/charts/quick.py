"""A quick chart of any table: two of its columns, coloured by a third."""

import altair as alt
import pandas as pd

from goldilocks.dashboard import theme
from goldilocks.dashboard.charts import style
from goldilocks.dashboard.charts.chart import Chart
from goldilocks.dashboard.charts.template import Spec, described, slot

HEIGHT, MOST_ROWS, MOST_COLOURS, POINT = 260, 5000, 12, 36


def chartable(frame: pd.DataFrame) -> tuple[list[str], list[str]]:
    """Return the columns that may stand on an axis: the numbers, and the texts with few values.

    Args:
        frame: any table.
    """
    numbers = [name for name in frame if pd.api.types.is_numeric_dtype(frame[name])]
    texts = [name for name in frame if pd.api.types.is_string_dtype(frame[name]) and name not in numbers]
    return [str(name) for name in numbers], [str(name) for name in texts if frame[name].nunique() <= 60]


def tells_apart(frame: pd.DataFrame, x: str, texts: list[str]) -> str | None:
    """Return the text that tells rows of one x apart, as a colour may; None where there is none or none is needed.

    Args:
        frame: any table.
        x: the column that stands across.
        texts: the columns that may be it.
    """
    if not frame[x].duplicated().any():
        return None
    few = [name for name in texts if 1 < frame[name].nunique() <= MOST_COLOURS]
    whole = [name for name in few if not frame.duplicated([x, name]).any()]
    return next(iter([*whole, *few]), None)


def quick(frame: pd.DataFrame, x: str, y: str, colour: str | None, paint: theme.Paint = theme.PLAIN) -> Chart:
    """Draw one column against another: bars where x is a text, lines or else points where it is a number.

    A line that had several values at one x would say nothing: then there are points alone.

    Args:
        frame: the table; at most MOST_ROWS rows are drawn.
        x: a column of numbers or texts.
        y: a column of numbers.
        colour: a column of texts, or None.
        paint: which colour each text has.
    """
    head = frame.head(MOST_ROWS)
    number = pd.api.types.is_numeric_dtype(head[x])
    data = pd.DataFrame({"x": head[x] if number else _texts(head[x]), "y": head[y]})
    values: Spec = {"x": x, "y": y} | ({} if number else style.leaning_values(list(dict.fromkeys(data["x"]))))
    names: list[str] = []
    if colour:
        data["colour"] = _texts(head[colour])
        names = list(dict.fromkeys(data["colour"]))[:MOST_COLOURS]
        values |= {"colour": colour, **style.colour_values("colour", "colour", names, paint.colours(names))}
    joined = not data.duplicated([name for name in ("x", "colour") if name in data]).any()
    return style.chart(_template(number, joined, bool(colour), len(names) > 1), values, rows=data)


def _texts(values: pd.Series) -> list[str]:
    return ["NULL" if pd.isna(value) else str(value) for value in values]


@described
def _template(number: bool, joined: bool, coloured: bool, several: bool) -> alt.TopLevelMixin:
    """Return the chart.

    Args:
        number: whether a number stands across.
        joined: whether lines join the points then.
        coloured: whether a column colours it.
        several: whether there are several colours.
    """
    base = alt.Chart(alt.NamedData("rows"), height=HEIGHT)
    if not number:
        drawn = base.mark_bar()
    elif joined:
        drawn = base.mark_line(point=alt.OverlayMarkDef(size=POINT), strokeWidth=2)
    else:
        drawn = base.mark_point(filled=True, size=POINT)
    across = (
        style.number(alt.X, "x", slot("x"))
        if number
        else alt.X(field="x", type="nominal", title=slot("x"), sort=None, axis=style.leaning())
    )
    texts, numbers = ({}, {"y": slot("y"), "x": slot("x")}) if number else ({"x": slot("x")}, {"y": slot("y")})
    drawn = drawn.encode(
        x=across,
        y=style.number(alt.Y, "y", slot("y"), scale={"zero": not number}),
        tooltip=style.tooltips(texts, numbers),
    )
    if coloured:
        drawn = drawn.encode(color=style.colour("colour", slot("colour"), shown=several))
    if coloured and not number:
        drawn = drawn.encode(xOffset=alt.XOffset(field="colour", type="nominal"))
    return drawn
