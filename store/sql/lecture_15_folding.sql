-- L15, batch norm costs nothing at test time: the folded network against the unfolded one and one without batch norm.
-- One row per network and batch size. difference is the largest over the seeds, relative to the largest logit. Times are
-- medians over seeds, in milliseconds per forward pass of one network; the ratios are means over seeds, each with its
-- margin, half of a 95 % confidence interval (Student's t). The difference of a diverged seed is left out and counted.
WITH by_seed AS (
    SELECT dataset, preprocessing, network, init, activation, norm, depth, width, batch_size, optimizer, lr, steps, seed,
           max(value) FILTER (quantity = 'fold_difference')                                    AS difference,
           max(value) FILTER (quantity = 'forward_time' AND part = 'unfolded')                 AS unfolded,
           max(value) FILTER (quantity = 'forward_time' AND part = 'folded')                   AS folded,
           max(value) FILTER (quantity = 'forward_time' AND part = 'without batch norm')       AS without
    FROM quantities
    WHERE study = 'folding'
    GROUP BY ALL
)
SELECT dataset, preprocessing, network, init, activation, norm, depth, width, batch_size, optimizer, lr, steps, count(*) AS seeds,
       count(*) FILTER (NOT isfinite(difference)) AS left_out, max(difference) FILTER (isfinite(difference)) AS difference,
       1e3 * median(unfolded) AS unfolded_ms, 1e3 * median(folded) AS folded_ms, 1e3 * median(without) AS without_ms,
       avg(folded / without) AS folded_to_without,
       @margin(folded / without) AS folded_to_without_margin,
       avg(unfolded / without) AS unfolded_to_without,
       @margin(unfolded / without) AS unfolded_to_without_margin
FROM by_seed
GROUP BY ALL
ORDER BY ALL
