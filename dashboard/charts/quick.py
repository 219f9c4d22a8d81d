"""A quick chart of any table: two of its columns, coloured by a third."""

import pandas as pd

from goldilocks.dashboard.charts import style
from goldilocks.dashboard.charts.chart import Chart, Spec

HEIGHT, MOST_ROWS, MOST_COLOURS = 260, 5000, 12


def chartable(frame: pd.DataFrame) -> tuple[list[str], list[str]]:
    """Return the columns that may stand on an axis: the numbers, and the texts with few values.

    Args:
        frame: any table.
    """
    numbers = [name for name in frame if pd.api.types.is_numeric_dtype(frame[name])]
    texts = [name for name in frame if pd.api.types.is_string_dtype(frame[name]) and name not in numbers]
    return [str(name) for name in numbers], [str(name) for name in texts if frame[name].nunique() <= 60]


def quick(frame: pd.DataFrame, x: str, y: str, colour: str | None) -> Chart:
    """Draw one column against another: lines where x is a number, bars where it is a text.

    Args:
        frame: the table; at most MOST_ROWS rows are drawn.
        x: a column of numbers or texts.
        y: a column of numbers.
        colour: a column of texts, or None.
    """
    head = frame.head(MOST_ROWS)
    number = pd.api.types.is_numeric_dtype(head[x])
    data = pd.DataFrame({"x": head[x] if number else _texts(head[x]), "y": head[y]})
    if colour:
        data["colour"] = _texts(head[colour])
    across: Spec = style.number("x", x) if number else _names(data["x"], x)
    shown = style.tooltips({} if number else {"x": x}, {"y": y} | ({"x": x} if number else {}))
    encoding: Spec = {"x": across, "y": style.number("y", y, scale={"zero": not number}), "tooltip": shown}
    if colour:
        values = list(dict.fromkeys(data["colour"]))[:MOST_COLOURS]
        encoding["color"] = style.colour("colour", values, colour)
        if not number:
            encoding["xOffset"] = {"field": "colour"}
    mark = {"type": "line", "point": {"size": 36}, "strokeWidth": 2} if number else {"type": "bar"}
    spec = {"data": {"name": "rows"}, "mark": mark, "encoding": encoding, "height": HEIGHT}
    return style.chart(spec, rows=data)


def _texts(values: pd.Series) -> list[str]:
    return ["NULL" if pd.isna(value) else str(value) for value in values]


def _names(values: pd.Series, title: str) -> Spec:
    axis = style.leaning(list(dict.fromkeys(values)))
    return {"field": "x", "type": "nominal", "title": title, "sort": None, "axis": axis}
