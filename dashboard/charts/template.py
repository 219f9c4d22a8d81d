"""A specification that Altair made once for all figures of one kind and shape, with slots for what differs among them.

Altair takes a good part of what a click may take to make one. What differs from figure to figure, beside the data, is
text: titles, names, the colours of names, the width of a legend's entries.
"""

import json
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, ParamSpec, cast

import altair as alt
from altair.utils import schemapi

Spec = dict[str, Any]
Given = ParamSpec("Given")
_describing = threading.Lock()
_SLOT = re.compile(r'"⟦(\w+)⟧"|⟦(\w+)⟧')


def slot(name: str) -> Any:
    """Return what stands for a value that is filled in: as a whole, or inside a text.

    Args:
        name: of the value.
    """
    return f"⟦{name}⟧"


@dataclass(frozen=True)
class Template:
    """A specification as JSON, with slots."""

    text: str

    def filled(self, values: Mapping[str, Any]) -> Spec:
        """Return a specification of one's own.

        Args:
            values: for each slot; what is filled in is not searched for slots.
        """

        def fill(found: re.Match[str]) -> str:
            whole, inside = found.groups()
            return json.dumps(values[whole]) if whole else json.dumps(str(values[inside]))[1:-1]

        return json.loads(_SLOT.sub(fill, self.text))


def described(describe: Callable[Given, alt.TopLevelMixin]) -> Callable[Given, Template]:
    """Return what makes the template of a chart, once for each shape.

    Args:
        describe: takes what can be hashed, and returns a chart whose texts may be slots and whose data have names.
    """

    @cache
    def template(*shape: Given.args, **more: Given.kwargs) -> Template:
        # Slots are no valid values; the tests check what they are filled with. Whether Altair checks holds for all
        # threads. Values in the description stay where they are: the data of a chart are those that it is drawn from.
        with _describing, schemapi.debug_mode(False), alt.data_transformers.enable(consolidate_datasets=False):
            spec = describe(*shape, **more).to_dict(validate=False)
        own = {key: value for key, value in spec.items() if key not in ("$schema", "config")}
        return Template(json.dumps(_without_names(own), ensure_ascii=False))

    return cast(Callable[Given, Template], template)


def _without_names(spec: Spec) -> Spec:
    """Return a chart whose marks are hidden from screen readers: its alternative text describes it as a whole."""
    silent = dict(spec)
    if "mark" in spec:
        mark = spec["mark"] if isinstance(spec["mark"], dict) else {"type": spec["mark"]}
        # The points on a line are marks of their own.
        points = {"point": {"aria": False} | mark["point"]} if isinstance(mark.get("point"), dict) else {}
        silent["mark"] = {"aria": False} | mark | points
    if "layer" in spec:
        silent |= {"layer": [_without_names(part) for part in spec["layer"]]}
    if "spec" in spec:
        silent["spec"] = _without_names(spec["spec"])
    return silent
