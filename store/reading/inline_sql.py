"""A named query with its values in its text: SQL that runs as it stands, for people to paste.

The program itself binds values and never runs this text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from goldilocks.store.quoting import literal
from goldilocks.store.reading.queries import Query

# Conditions of the form `(NULL or equal)`, `(NULL or among)` and `(NULL or none of a list)`, with the AND before them
# where there is one; and of the form ` or (not NULL and among)`.
_ALSO = re.compile(r" OR \(\$(?P<also>\w+) IS NOT NULL AND (?P<included>list_contains\(\$(?P=also), [^\n]*?\)\))\)")
_OPTIONAL = re.compile(
    r"(?P<and>\s+AND )?\(\$(?P<name>\w+) IS NULL OR (?:list_contains\(\$(?P=name), (?P<among>\w+)\)"
    r"|(?P<equal>\w+) = \$(?P=name)|(?P<other>len\(.*\) = 0))\)"
)
_PARAMETER = re.compile(r"\$(?P<plain>\w+)")
# Looked for in one go: a value may hold the name of a parameter itself.
_EITHER = re.compile(f"{_ALSO.pattern}|{_OPTIONAL.pattern}|{_PARAMETER.pattern}")


def inlined(query: Query, values: Mapping[str, Any]) -> str:
    """Put values into the SQL of a named query; conditions that they leave open are left out.

    Args:
        query: the query.
        values: by parameter name; defaults are added.

    Returns:
        One statement without parameters.

    Raises:
        StoreInvalid: when a name is unknown or a required value is missing.
    """
    bound, kinds = query.bind(values), {parameter.name: parameter.type for parameter in query.parameters}

    def also(match: re.Match[str]) -> str:
        named = bound[match["also"]] is not None
        return f" OR {_PARAMETER.sub(parameter, match['included'])}" if named else ""

    def condition(match: re.Match[str]) -> str:
        value, before = bound[match["name"]], match["and"] or ""
        if value is None:
            return "" if before else "true"
        if match["other"]:
            return before + _PARAMETER.sub(parameter, match["other"])
        if match["equal"]:
            return f"{before}{match['equal']} = {_literal(value)}"
        among = ", ".join(map(_literal, value))
        return f"{before}{match['among']} IN ({among})" if among else f"{before}false"

    def parameter(match: re.Match[str]) -> str:
        return f"{_literal(bound[match['plain']])}::{kinds[match['plain']]}"

    def written(match: re.Match[str]) -> str:
        return also(match) if match["also"] else parameter(match) if match["plain"] else condition(match)

    return _EITHER.sub(written, query.sql)


def _literal(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, str):
        return literal(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_literal, value))}]"
    # Numbers of NumPy would write their type, too.
    return repr(value.item() if hasattr(value, "item") else value)
