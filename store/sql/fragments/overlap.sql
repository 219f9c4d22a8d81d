-- E φ(z_a)φ(z_b)/V for pre-activations of correlation #1: by the polynomial in the angle through all columns of the maps.
CASE WHEN #1 IS NOT NULL THEN list_inner_product(weights, list_transform(
    correlations[origin + 1:origin + len(weights)],
    lambda row: list_inner_product(row, list_transform(signs, lambda one, j: one / (acos(least(#1, 1)) - angles[j])))
        / list_sum(list_transform(signs, lambda one, j: one / (acos(least(#1, 1)) - angles[j]))))) END
