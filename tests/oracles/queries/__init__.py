"""Every named query once more, in plain pandas on the tables: slow, and obviously what its first comment says.

`ORACLES` maps the name of a query to a function of the tables and of the query's parameters that yields the rows as
dictionaries. NULL is None, NaN is NaN, and the two are told apart.
"""

from __future__ import annotations

from tests.oracles.queries import (
    catalog,
    diagnoses,
    lecture_claims,
    lecture_layers,
    lecture_studies,
    lecture_training,
    plane,
    quantities,
    signals,
    training,
)
from tests.oracles.queries.registry import ORACLES, Oracle
from tests.oracles.queries.tables import Tables

__all__ = [
    "ORACLES",
    "Oracle",
    "Tables",
    "catalog",
    "diagnoses",
    "lecture_claims",
    "lecture_layers",
    "lecture_studies",
    "lecture_training",
    "plane",
    "quantities",
    "signals",
    "training",
]
