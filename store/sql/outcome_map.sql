-- How training ended along two axes: the table behind a heat map.
-- One row per pair of values. Seeds of a configuration are averaged first; where several configurations fall on one
-- pair, $over says whether their mean is shown or the best of them: of those of which no seed diverges, the one with the
-- highest test accuracy; where seeds of all diverge, the one with the fewest, and of several that with the highest test
-- accuracy. A diverged seed has no accuracy.
-- $x VARCHAR = 'depth': axis of the columns
-- $y VARCHAR = 'init': axis of the rows
-- $over VARCHAR = 'mean': mean or best
-- @chosen_configurations
WITH per_configuration AS (
    SELECT @configuration,
           @axis($x) AS x,
           @axis($y) AS y,
           count(*) AS seeds, count(*) FILTER (diverged) / count(*) AS share_diverged,
           avg(trains::INTEGER) AS share_that_train, median(steps_to_90) AS steps_to_90,
           avg(final_test_accuracy) FILTER (isfinite(final_test_accuracy)) AS final_test_accuracy,
           avg(best_test_accuracy) AS best_test_accuracy,
           avg(final_train_loss) FILTER (isfinite(final_train_loss)) AS final_train_loss,
           avg(final_train_accuracy - final_test_accuracy)
               FILTER (isfinite(final_train_accuracy - final_test_accuracy)) AS gap
    FROM outcomes
    WHERE study = 'training' AND @chosen_configurations
    GROUP BY ALL
), chosen AS (
    SELECT * FROM per_configuration
    QUALIFY $over = 'mean'
         OR row_number() OVER (PARTITION BY x, y ORDER BY share_diverged, final_test_accuracy DESC NULLS LAST, lr, network,
                                               dataset, preprocessing, init, activation, norm, depth, width, batch_size,
                                               optimizer, steps, study_axes) = 1
)
SELECT x, y, count(*) AS configurations, sum(seeds)::INTEGER AS seeds, avg(share_diverged) AS share_diverged,
       avg(share_that_train) AS share_that_train, avg(steps_to_90) AS steps_to_90,
       avg(final_test_accuracy) AS final_test_accuracy, avg(best_test_accuracy) AS best_test_accuracy,
       avg(final_train_loss) AS final_train_loss, avg(gap) AS gap, min(lr) AS lr
FROM chosen
GROUP BY x, y
ORDER BY x, y
