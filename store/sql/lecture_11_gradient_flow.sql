-- L11, batch norm improves gradient flow: by how many powers of ten does the gradient change on its way to the first layer?
-- One row per activation and normalization: log10 of the gradient at the first layer divided by that at the last one,
-- lowest, median and highest over all initializations and seeds, and how far apart these are. 0 means preserved;
-- vanished counts gradients that are exactly zero or overflowed, which are left out. Then the initialization whose gradient
-- is nearest to preserved in every seed (of several the first in the alphabet), and its mean.
-- $depth INTEGER = 20: hidden layers
-- $width INTEGER = 512: units per layer
-- $batch_size INTEGER = 32: examples per batch
-- $dataset VARCHAR = 'gaussian': where the inputs come from
-- $preprocessing VARCHAR = 'raw': what was done to them
WITH ratios AS (
    SELECT activation, norm, init, seed,
           max(grad_rms::DOUBLE) FILTER (layer = 1) / max(grad_rms::DOUBLE) FILTER (layer = depth) AS ratio
    FROM gradient_stats
    WHERE study = 'propagation' AND network = 'mlp' AND dataset = $dataset AND depth = $depth AND width = $width
      AND batch_size = $batch_size AND preprocessing = $preprocessing AND init NOT IN ('zeros', 'kaiming_slip') AND init NOT LIKE 'constant%'
    GROUP BY cell_id, activation, norm, init, seed
), decades AS (
    SELECT activation, norm, init, CASE WHEN ratio > 0 AND isfinite(ratio) THEN log10(ratio) END AS decades
    FROM ratios
), by_init AS (
    SELECT activation, norm, init, avg(decades) AS mean, max(abs(decades)) AS farthest
    FROM decades
    GROUP BY ALL
    HAVING count(decades) = count(*)
), flattest AS (
    SELECT activation, norm, arg_min(init, (farthest, init)) AS flattest_init,
           arg_min(mean, (farthest, init)) AS flattest_decades
    FROM by_init
    GROUP BY ALL
)
SELECT activation, norm, count(DISTINCT init) AS inits, count(*) AS networks, count(*) - count(decades) AS vanished,
       min(decades) AS decades_low, median(decades) AS decades_median, max(decades) AS decades_high,
       max(decades) - min(decades) AS spread, any_value(flattest_init) AS flattest_init,
       any_value(flattest_decades) AS flattest_decades
FROM decades LEFT JOIN flattest USING (activation, norm)
GROUP BY activation, norm
ORDER BY activation, norm
