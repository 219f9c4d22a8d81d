"""Margins of means over seeds, as the named queries state them."""

# 97.5 % quantiles of Student's t, by number of seeds.
QUANTILES = {5: 2.776, 10: 2.262}


def margin(values):
    """Return half of the 95 % confidence interval of a mean.

    Args:
        values: over seeds, along the last axis.
    """
    return QUANTILES[values.shape[-1]] * values.std(-1, ddof=1) / values.shape[-1] ** 0.5


def verdict(values):
    """Return what a claim that the mean is positive comes to.

    Args:
        values: over seeds `[seed]`.
    """
    low, high = values.mean() - margin(values), values.mean() + margin(values)
    return "holds" if low > 0 else "does not hold" if high <= 0 else "undecided"
