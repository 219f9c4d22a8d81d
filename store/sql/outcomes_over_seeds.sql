-- How training ended for chosen configurations, over seeds.
-- One row per configuration. A seed trains as `outcomes.trains` says. Means and ranges are
-- over the seeds whose value is finite; finite counts those of the test accuracy.
-- @chosen_configurations
-- @pinned
SELECT @configuration, count(*) AS seeds,
       count(*) FILTER (diverged) AS diverged, count(*) FILTER (isfinite(final_test_accuracy)) AS finite,
       avg(trains::INTEGER) AS share_that_train, median(steps_to_90) AS steps_to_90,
       @over_seeds(final_test_accuracy),
       avg(final_train_accuracy) FILTER (isfinite(final_train_accuracy)) AS final_train_accuracy,
       avg(final_train_loss) FILTER (isfinite(final_train_loss)) AS final_train_loss,
       min(diverged_at_step) AS diverged_at_step
FROM outcomes
WHERE study = 'training' AND (@chosen_configurations OR @pinned)
GROUP BY @configuration
ORDER BY network, dataset, preprocessing, init, activation, norm, depth, width, batch_size, optimizer, lr, steps,
         @in_order
