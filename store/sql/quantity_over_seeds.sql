-- One measured quantity of chosen configurations, over seeds.
-- One row per configuration, part and position. Mean, range and spread are over seeds with a finite value (finite counts
-- them).
-- $study VARCHAR: the study that measured it
-- $quantity VARCHAR: its name, see the table metrics
-- $parts VARCHAR[] = NULL: only these parts; NULL means all
-- @chosen_configurations
SELECT @configuration, part, position,
       count(*) AS seeds, count(*) FILTER (isfinite(value)) AS finite,
       avg(value) FILTER (isfinite(value)) AS mean, min(value) FILTER (isfinite(value)) AS low,
       max(value) FILTER (isfinite(value)) AS high,
       coalesce(stddev_samp(value) FILTER (isfinite(value)), 0) AS spread
FROM quantities
WHERE study = $study AND quantity = $quantity AND ($parts IS NULL OR list_contains($parts, part)) AND @chosen_configurations
GROUP BY @configuration, part, position
ORDER BY network, dataset, preprocessing, init, activation, norm, depth, width, batch_size, optimizer, lr, steps,
         @in_order, part, position
