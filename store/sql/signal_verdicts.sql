-- Too small, just right or too big: the verdict on each configuration.
-- One row per configuration. The verdict is the one that most seeds have, with the share of seeds that agree. Rates
-- are geometric means over the seeds with positive finite rates; left_out counts the others.
-- $activation VARCHAR = NULL: only this activation; NULL means all
-- $norm VARCHAR = NULL: only this normalization; NULL means all
WITH usable AS (
    SELECT *, coalesce(isfinite(forward_rate) AND isfinite(backward_rate) AND forward_rate > 0 AND backward_rate > 0,
                       false) AS finite
    FROM signal_rates
    WHERE ($activation IS NULL OR activation = $activation) AND ($norm IS NULL OR norm = $norm)
)
SELECT init, activation, norm, depth, width, batch_size, network, dataset, preprocessing,
       mode(verdict ORDER BY verdict)                                 AS verdict,
       coalesce(max(agreeing) FILTER (verdict IS NOT NULL), count(*)) / count(*) AS agreement,
       count(*)                                                       AS seeds,
       count(*) FILTER (NOT finite)                                   AS left_out,
       @geometric_mean(CASE WHEN finite THEN forward_rate END) AS forward_rate,
       @geometric_mean(CASE WHEN finite THEN backward_rate END) AS backward_rate
FROM (
    SELECT *, count(*) OVER (PARTITION BY init, activation, norm, depth, width, batch_size, network, dataset,
                                          preprocessing, verdict) AS agreeing
    FROM usable
)
GROUP BY ALL
ORDER BY activation, norm, init, depth, width, batch_size
