-- An expectation of which #1 are the logarithms: interpolated; beyond the maps it nears a power of q, whose exponent is a multiple of
-- one half, by the same factor from row to row.
(SELECT exp(inside + exponent * beyond + CASE WHEN ratio > 0 AND ratio < 0.96
        THEN change * ratio / (1 - ratio) * (1 - ratio ** (abs(beyond) / step)) ELSE 0 END)
 FROM (SELECT *, change / nullif(two - three + exponent * inward, 0) AS ratio
 FROM (SELECT *, one - two + exponent * inward AS change
 FROM (SELECT *, round(2 * (two - one) / inward) / 2 AS exponent
 FROM (SELECT list_inner_product(weights, #1[origin + 1:origin + len(weights)]) AS inside,
              CASE WHEN beyond > 0 THEN -step ELSE step END AS inward, CASE WHEN beyond > 0 THEN #1[count] ELSE #1[1] END AS one,
              CASE WHEN beyond > 0 THEN #1[count - 1] ELSE #1[2] END AS two,
              CASE WHEN beyond > 0 THEN #1[count - 2] ELSE #1[3] END AS three)))))
