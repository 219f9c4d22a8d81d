-- L13, batch norm is robust to initialization: over how many powers of ten of the weights' scale does training work?
-- One row per activation, depth and normalization: how many of the tried scales train (`outcomes.trains`),
-- and log10 of the largest divided by the smallest of them, medians over seeds with their range; smallest and
-- largest scale at which every seed trains; mean accuracy over all scales of the networks that did not diverge, and how
-- many did.
-- $dataset VARCHAR = 'digits': where the examples come from
-- $preprocessing VARCHAR = 'standardize': what was done to them
-- $width INTEGER = 64: units per layer
-- $batch_size INTEGER = 64: examples per minibatch
-- $steps INTEGER = 200: number of updates
-- $optimizer VARCHAR = 'sgd': update rule
-- $lr DOUBLE = 0.1: learning rate
WITH tried AS (
    SELECT activation, depth, norm, seed, TRY_CAST(regexp_extract(init, '^normal\(std=(.*)\)$', 1) AS DOUBLE) AS scale, trains,
           CASE WHEN isfinite(final_test_accuracy) THEN final_test_accuracy END AS accuracy
    FROM outcomes
    WHERE study = 'training' AND network = 'mlp' AND dataset = $dataset AND preprocessing = $preprocessing
      AND width = $width AND optimizer = $optimizer AND lr = $lr AND batch_size = $batch_size AND steps = $steps
), by_seed AS (
    SELECT activation, depth, norm, seed, count(DISTINCT scale) AS scales,
           count(DISTINCT scale) FILTER (trains) AS trained,
           coalesce(log10(max(scale) FILTER (trains) / min(scale) FILTER (trains)), 0) AS decades,
           avg(accuracy) AS accuracy, count(*) - count(accuracy) AS diverged
    FROM tried
    WHERE scale IS NOT NULL
    GROUP BY ALL
    HAVING count(DISTINCT scale) > 3
), by_scale AS (
    SELECT activation, depth, norm, scale, bool_and(trains) AS all_train FROM tried WHERE scale IS NOT NULL GROUP BY ALL
), ends AS (
    SELECT activation, depth, norm, min(scale) FILTER (all_train) AS smallest_scale,
           max(scale) FILTER (all_train) AS largest_scale
    FROM by_scale
    GROUP BY ALL
)
SELECT activation, depth, norm, count(*) AS seeds, max(scales) AS scales, median(trained) AS trained,
       min(trained) AS trained_low, max(trained) AS trained_high, median(decades) AS decades,
       min(decades) AS decades_low, max(decades) AS decades_high, any_value(smallest_scale) AS smallest_scale,
       any_value(largest_scale) AS largest_scale, avg(accuracy) AS accuracy, sum(diverged)::INTEGER AS diverged
FROM by_seed JOIN ends USING (activation, depth, norm)
GROUP BY activation, depth, norm
ORDER BY activation, depth, norm
