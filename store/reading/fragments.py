"""SQL that several named queries share: written once, as a fragment, and put into their text when they are read.

    -- @chosen_configurations                       the comments of the fragment: its parameters
    SELECT @over_seeds(std), @over_seeds(frac_saturated, saturated)
    WHERE @chosen_configurations                    the SQL of the fragment

`#1` and `#2` in a fragment stand for what is in the parentheses; without a second one, `#2` is the first. Fragments may
use others. Readers of a query see plain SQL.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from goldilocks.store.errors import StoreInvalid

FOLDER = Path(__file__).parents[1] / "sql" / "fragments"
# In parentheses, parentheses may occur once more: `@margin(a / nullif(b, 0))`.
_USE = re.compile(r"@(\w+)(?:\(((?:[^()]|\([^()]*\))*)\))?")


def with_fragments(text: str) -> str:
    """Replace the names of fragments by their text.

    Args:
        text: a query as it is written.

    Returns:
        The same with every `-- @fragment` replaced by its comments, and every other `@fragment` by its SQL.

    Raises:
        StoreInvalid: when there is no such fragment.
    """
    lines = []
    for line in text.splitlines():
        use = re.fullmatch(r"-- @(\w+)", line)
        lines.append(_fragment(use[1])[0] if use else _USE.sub(_sql, line))
    return "\n".join(lines)


def _sql(use: re.Match[str]) -> str:
    # A comma within the inner parentheses separates nothing.
    first, *rest = re.split(r", (?![^(]*\))", use[2] or "", maxsplit=1)
    return _fragment(use[1])[1].replace("#1", first).replace("#2", rest[0] if rest else first)


@cache
def _fragment(name: str) -> tuple[str, str]:
    """Return the comments and the SQL of a fragment."""
    file = FOLDER / f"{name}.sql"
    if not file.exists():
        known = ", ".join(sorted(one.stem for one in FOLDER.glob("*.sql")))
        raise StoreInvalid(f"a query uses the fragment @{name}, which does not exist; there are {known}")
    lines = file.read_text(encoding="utf-8").splitlines()
    comments = [line for line in lines if line.startswith("--")]
    return "\n".join(comments), "\n".join(_USE.sub(_sql, line) for line in lines[len(comments) :])
