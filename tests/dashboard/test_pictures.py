"""What a reader takes away as a picture: nothing in it is cut, whatever names, title and note it has."""

import re
from xml.etree import ElementTree

import pandas as pd
import pytest

from goldilocks.dashboard.charts.group import Group
from goldilocks.dashboard.charts.lines import Axis, lines
from goldilocks.dashboard.charts.panels import PICTURE_WIDTH
from goldilocks.dashboard.charts.plane import plane
from goldilocks.dashboard.charts.style import LETTER_WIDTH
from goldilocks.dashboard.figure import PICTURE_PADDING, Figure, rendered
from tests.dashboard.test_charts import LAYER, VALUE, Given, field, rows

NAMES = [f"normal(std=0.0{n:02d}), batch norm" for n in range(1, 14)]
INIT = Axis("init", "Initialization", values=NAMES)
LONG = "How large is this quantity, which has a long name, when there is a lot to say about where it was measured? " * 2


def named():
    return pd.concat([rows().query("init == 'xavier'").assign(init=name, configuration=name) for name in NAMES])


PLACES = pd.DataFrame({"init": NAMES, "weight": range(1, 14), "bias": 0.0})
CHARTS = {
    "lines": lines(named(), LAYER, VALUE, INIT),
    "dashes": lines(named(), LAYER, VALUE, Axis("configuration", ""), dash=INIT),
    "panels": lines(named(), LAYER, VALUE, INIT, panels=Axis("layer", "Layer", values=[1, 2, 3])),
    "plane": plane(field(), PLACES, PLACES, "χ₁", rate=True),
    "group": Group({"a": lines(named(), LAYER, VALUE, INIT), "b": plane(field(), PLACES, PLACES, "χ₁", rate=True)}, 2),
}


def texts(svg):
    """Yield each text of a picture with the place where it begins, in pixels."""

    def below(element, x, y):
        moved = re.match(r"translate\(([-\d.]+),([-\d.]+)\)", element.get("transform", ""))
        x, y = (x + float(moved[1]), y + float(moved[2])) if moved else (x, y)
        if element.tag.endswith("}text"):
            lines_ = [line.text for line in element] or [element.text]
            yield from ((line, x, y) for line in lines_ if line and "rotate" not in element.get("transform", ""))
        for child in element:
            yield from below(child, x, y)

    root = ElementTree.fromstring(svg)
    yield from below(root, 0.0, 0.0)


def size(svg):
    root = ElementTree.fromstring(svg)
    return float(root.get("width")), float(root.get("height"))


@pytest.mark.parametrize("name", CHARTS)
def test_every_entry_of_a_legend_is_on_the_picture(name):
    svg = rendered("SVG", CHARTS[name].to_dict())
    width, height = size(svg)
    found = [(text, x, y) for text, x, y in texts(svg) if text in NAMES]
    assert {text for text, *_ in found} == set(NAMES)
    for text, x, y in found:
        assert x >= 0
        assert x + 0.8 * LETTER_WIDTH * len(text) <= width, text
        assert 0 <= y <= height - PICTURE_PADDING / 2, text


def test_the_only_initialization_of_a_plane_is_named():
    svg = rendered("SVG", plane(field(), PLACES.head(1), PLACES, "χ₁", rate=True).to_dict())
    assert NAMES[0] in [text for text, *_ in texts(svg)]


@pytest.mark.parametrize("name", ["lines", "panels", "plane", "group"])
def test_a_long_title_and_a_long_note_take_several_lines_and_are_complete(name):
    svg = Figure(LONG, CHARTS[name], Given(), "", LONG).file("SVG")
    said = [text for text, *_ in texts(svg)]
    assert " ".join(said).count(" ".join(LONG.split())) == 2
    assert max(map(len, said)) < 120
    assert size(svg)[0] <= max(PICTURE_WIDTH * 1.4, size(rendered("SVG", CHARTS[name].to_dict()))[0])
