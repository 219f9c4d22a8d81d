-- An expectation of which #1 are the logarithms: interpolated; beyond the maps, a power of q whose exponent is a multiple of ½.
exp(list_inner_product(weights, #1[origin + 1:origin + len(weights)])
    + beyond * round(2 * CASE WHEN beyond < 0 THEN #1[2] - #1[1] ELSE #1[count] - #1[count - 1] END / step) / 2)
