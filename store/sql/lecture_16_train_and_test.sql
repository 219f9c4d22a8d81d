-- L16, batch norm behaves differently in training and testing: what the wrong mode costs, by batch size.
-- One row per configuration and batch size. Test accuracies: in the right mode (running statistics), in training mode
-- (batch statistics), in training mode on batches of a single class each, and in the right mode after such batches have
-- passed in training mode. cost is right minus wrong mode, paired by seed. Distances of a training batch's statistics
-- from the running ones are in units of the running standard deviation, over the layers. Each margin is half of a 95 %
-- confidence interval (Student's t) of the mean over seeds.
-- $dataset VARCHAR = NULL: only this data set; NULL means all
WITH by_seed AS (
    SELECT dataset, network, init, activation, depth, width, lr / batch_size AS lr_per_example, batch_size, seed,
           max(value) FILTER (part = 'running statistics')               AS right_mode,
           max(value) FILTER (part = 'batch statistics')                 AS wrong_mode,
           max(value) FILTER (part = 'batch statistics, sorted')         AS sorted,
           max(value) FILTER (part = 'running statistics, spoilt')       AS spoilt,
           sqrt(avg(value ^ 2) FILTER (quantity = 'mean_distance'))      AS mean_distance,
           sqrt(avg(value ^ 2) FILTER (quantity = 'std_distance'))       AS std_distance
    FROM quantities
    WHERE study = 'discrepancy' AND norm <> 'none' AND ($dataset IS NULL OR dataset = $dataset)
    GROUP BY ALL
), student AS (
    SELECT [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262] AS t
)
SELECT dataset, network, init, activation, depth, width, lr_per_example, batch_size, count(*) AS seeds,
       avg(right_mode) AS right_mode,
       any_value(t)[least(seeds, 10) - 1] * stddev(right_mode) / sqrt(seeds) AS right_mode_margin,
       avg(wrong_mode) AS wrong_mode,
       any_value(t)[least(seeds, 10) - 1] * stddev(wrong_mode) / sqrt(seeds) AS wrong_mode_margin,
       avg(right_mode - wrong_mode) AS cost,
       any_value(t)[least(seeds, 10) - 1] * stddev(right_mode - wrong_mode) / sqrt(seeds) AS cost_margin,
       avg(sorted) AS sorted, avg(spoilt) AS spoilt,
       avg(mean_distance) AS mean_distance, avg(std_distance) AS std_distance
FROM by_seed, student
WHERE isfinite(right_mode) AND isfinite(wrong_mode)
GROUP BY ALL
ORDER BY ALL
