"""How the statistics of a measurement are called in the store: columns, and the fields that they hold."""

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
