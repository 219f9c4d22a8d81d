-- How far the learning rate can be pushed: the outcome at each rate, and the largest stable one.
-- One row per configuration and rate, for configurations tried at several rates. A rate is stable when no seed diverges
-- at it or at a smaller rate that was tried. A diverged seed has no accuracy: mean, low and high are those of the others,
-- NULL where there are none. The best rate is, of those at which no seed diverges, that of the highest mean accuracy, of
-- several the smallest.
-- @chosen_configurations
WITH by_rate AS (
    SELECT @configuration, count(*) AS seeds, count(*) FILTER (diverged) AS diverged,
           avg(trains::INTEGER) AS share_that_train, median(steps_to_90) AS steps_to_90,
           avg(final_test_accuracy) FILTER (isfinite(final_test_accuracy)) AS mean,
           min(final_test_accuracy) FILTER (isfinite(final_test_accuracy)) AS low,
           max(final_test_accuracy) FILTER (isfinite(final_test_accuracy)) AS high
    FROM outcomes
    WHERE study = 'training' AND @chosen_configurations
    GROUP BY ALL
), judged AS (
    SELECT *, max(diverged) OVER (swept ORDER BY lr) = 0 AS stable
    FROM by_rate
    WINDOW swept AS (PARTITION BY network, dataset, preprocessing, init, activation, norm, depth, width, batch_size, optimizer,
                             steps, study_axes)
)
SELECT *, max(lr) FILTER (stable) OVER swept AS largest_stable, arg_max(lr, (mean, -lr)) FILTER (diverged = 0 AND mean IS NOT NULL) OVER swept AS best
FROM judged
WINDOW swept AS (PARTITION BY network, dataset, preprocessing, init, activation, norm, depth, width, batch_size, optimizer,
                             steps, study_axes)
QUALIFY count(*) OVER swept > 1
ORDER BY ALL
