"""A chart: a Vega-Lite specification and the frames it is drawn from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from goldilocks.dashboard.charts.enlargement import enlarged
from goldilocks.dashboard.charts.panels import USUAL_WIDTH, Panels
from goldilocks.dashboard.charts.template import Spec


@dataclass(frozen=True)
class Chart:
    """What Vega-Lite draws.

    Attributes:
        spec: the specification; data are referred to by name.
        data: the frames, by name.
        panels: how its panels may be laid out; None for a chart that fills what it stands in.
    """

    spec: Spec
    data: Mapping[str, pd.DataFrame] = field(repr=False)
    panels: Panels | None = None

    def to_dict(self) -> Spec:
        """Return a specification that holds its data, valid JSON: what is not finite becomes null."""
        return self._laid_out(USUAL_WIDTH) | {"datasets": {name: records(frame) for name, frame in self.data.items()}}

    def to_show(self, width: int = USUAL_WIDTH, scale: float = 1, tall: float = 1) -> Spec:
        """Return a specification whose data are Arrow streams, as Streamlit sends them.

        Args:
            width: what there is room for, in pixels.
            scale: how many times larger than usual words, lines and gaps are.
            tall: how many times higher its plots are.
        """
        spec = self._laid_out(int(width / scale))
        if (scale, tall) != (1, 1):
            spec = enlarged(spec, scale, tall)
        return spec | {"datasets": dict(self._streams)}

    def _laid_out(self, width: int) -> Spec:
        # A chart that is only resized keeps its height, and a legend of more lines is cut: with another width it is
        # another chart, drawn anew.
        spec = self.spec | {"usermeta": self.spec.get("usermeta", {}) | {"width": width}}
        return spec if self.panels is None else self.panels.laid_out(spec, width)

    @cached_property
    def _streams(self) -> dict[str, bytes]:
        return {name: _stream(frame) for name, frame in self.data.items()}


def _stream(frame: pd.DataFrame) -> bytes:
    # To start threads takes longer than to convert so small a frame.
    table = pa.Table.from_pandas(frame, preserve_index=False, nthreads=1)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a frame as JSON has them: what is not finite becomes null."""
    plain = frame.astype(object).where(frame.notna(), None)
    return [{str(key): _json(value) for key, value in row.items()} for row in plain.to_dict("records")]


def _json(value: Any) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not np.isfinite(value) else value
