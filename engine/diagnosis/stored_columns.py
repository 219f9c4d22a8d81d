"""How what is known of a network is called in the store: columns, and the fields that they hold."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, TypeVar

Described = TypeVar("Described")

# Fields of `site.Site` that the table `sites` calls otherwise; all other fields are columns, as in `parameters`.
SITE = {"index": "site", "name": "module_name", "kind": "site_kind", "activation": "site_activation"}

# Of the table `measurements`: the quantity.
FIRST_LOSS = "diagnosis_first_loss"
# Of the table `taps`: fields of `measurement.Signal`.
TAPS = {
    "mean": "mean",
    "std": "std",
    "rms": "rms",
    "min": "minimum",
    "max": "maximum",
    "frac_zero": "frac_zero",
    "frac_dead_units": "frac_dead_units",
    "frac_saturated": "frac_saturated",
    "frac_nonfinite": "nonfinite",
    "unit_std": "unit_std",
    "similarity": "similarity",
    "theory_rms": "theory_rms",
    "grad_rms": "grad_rms",
}
# Of the table `parameters`: fields of `measurement.Weights`.
PARAMETER_NUMBERS = {
    "mean": "mean",
    "std": "std",
    "rms": "rms",
    "magnitude": "magnitude",
    "frac_nonfinite": "nonfinite",
    "equal_units": "equal_units",
    "grad_rms": "grad_rms",
    "update_ratio": "update_ratio",
}
# Of the same table: those that are true or false.
PARAMETER_TRUTHS = ("treated", "got_gradient")


def as_row(described: Any, renamed: Mapping[str, str] = {}) -> dict[str, Any]:
    """Return the fields of a data class as columns.

    Args:
        described: its instance.
        renamed: the columns of fields that have another name.
    """
    values = ((renamed.get(field.name, field.name), getattr(described, field.name)) for field in fields(described))
    return {name: list(value) if isinstance(value, tuple) else value for name, value in values}


def of_row(kind: type[Described], row: Mapping[str, Any], renamed: Mapping[str, str] = {}) -> Described:
    """Return the data class whose fields a row holds.

    Args:
        kind: the data class.
        row: a row of the store, which may have further columns.
        renamed: as for `as_row`.
    """
    values = ((field.name, row[renamed.get(field.name, field.name)]) for field in fields(kind))  # type: ignore[arg-type]
    return kind(**{name: tuple(value) if isinstance(value, list) else value for name, value in values})
