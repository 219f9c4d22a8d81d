-- L12, batch norm allows higher learning rates and faster convergence: which is the largest rate that trains, and how fast?
-- One row per activation, depth and normalization, for $init: the largest of the tried rates at which a seed still
-- trains (`outcomes.trains`), the rate with the best mean accuracy of those at which no seed diverges, and the updates
-- until $fast at each seed's fastest rate. A diverged seed has no accuracy. Medians over the seeds that train, and over those that are fast, which are counted; low and high
-- their range; NULL where there is none.
-- $init VARCHAR = 'kaiming': initialization
-- $dataset VARCHAR = 'digits': where the examples come from
-- $width INTEGER = 64: units per layer
-- $batch_size INTEGER = 64: examples per minibatch
-- $steps INTEGER = 200: number of updates
-- $fast DOUBLE = 0.9: test accuracy to be reached fast
-- $rates INTEGER = 5: rates that must have been tried at least
WITH tried AS MATERIALIZED (
    SELECT cell_id, activation, depth, norm, seed, lr, trains,
           CASE WHEN isfinite(final_test_accuracy) THEN final_test_accuracy END AS accuracy
    FROM outcomes
    WHERE study = 'training' AND network = 'mlp' AND init = $init AND dataset = $dataset AND width = $width
      AND preprocessing = 'standardize' AND optimizer = 'sgd' AND batch_size = $batch_size AND steps = $steps
), reached AS (
    SELECT cell_id, min(step) AS step
    FROM curves SEMI JOIN tried USING (cell_id)
    WHERE isfinite(test_accuracy) AND test_accuracy >= $fast::FLOAT
    GROUP BY cell_id
), by_seed AS (
    SELECT activation, depth, norm, seed, max(lr) FILTER (trains) AS largest_rate, min(step) AS steps
    FROM tried LEFT JOIN reached USING (cell_id)
    GROUP BY ALL
    HAVING count(DISTINCT lr) >= $rates
), by_rate AS (
    SELECT activation, depth, norm, lr, avg(accuracy) AS accuracy
    FROM tried
    GROUP BY ALL
    HAVING count(accuracy) = count(*)
), best AS (
    SELECT activation, depth, norm, arg_max(lr, (accuracy, -lr)) AS best_rate, max(accuracy) AS accuracy
    FROM by_rate
    GROUP BY ALL
)
SELECT activation, depth, norm, count(*) AS seeds, count(largest_rate) AS seeds_that_train,
       count(steps) AS seeds_that_are_fast, median(largest_rate) AS largest_rate,
       min(largest_rate) AS largest_rate_low, max(largest_rate) AS largest_rate_high,
       any_value(best_rate) AS best_rate, any_value(accuracy) AS accuracy, median(steps) AS steps_to_fast,
       min(steps) AS steps_low, max(steps) AS steps_high
FROM by_seed LEFT JOIN best USING (activation, depth, norm)
GROUP BY activation, depth, norm
ORDER BY activation, depth, norm
