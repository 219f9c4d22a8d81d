-- L14, batch norm regularizes: what is the train–test gap with it and without it, by batch size.
-- One row per configuration and batch size. The learning rate is proportional to the batch size, so the noise of the
-- gradient stays; what differs is the noise of the batch's statistics. saved is the gap without minus the gap with batch
-- norm, paired by seed; seeds_that_save counts the seeds in which it is positive. Each margin is half of a 95 %
-- confidence interval (Student's t) of the mean over seeds.
-- $dataset VARCHAR = NULL: only this data set; NULL means all
WITH by_seed AS (
    SELECT dataset, network, init, activation, depth, width, lr / batch_size AS lr_per_example, batch_size, seed,
           max(value) FILTER (quantity = 'loss_gap' AND norm = 'none')           AS without,
           max(value) FILTER (quantity = 'loss_gap' AND norm <> 'none')          AS with_norm,
           max(value) FILTER (quantity = 'accuracy_on_train' AND norm = 'none')  AS train_without,
           max(value) FILTER (quantity = 'accuracy_on_train' AND norm <> 'none') AS train_with
    FROM quantities
    WHERE study = 'discrepancy' AND ($dataset IS NULL OR dataset = $dataset)
    GROUP BY ALL
), student AS (
    SELECT [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262] AS t
)
SELECT dataset, network, init, activation, depth, width, lr_per_example, batch_size, count(*) AS seeds,
       avg(without)   AS loss_gap_without,
       any_value(t)[least(seeds, 10) - 1] * stddev(without) / sqrt(seeds) AS loss_gap_without_margin,
       avg(with_norm) AS loss_gap_with,
       any_value(t)[least(seeds, 10) - 1] * stddev(with_norm) / sqrt(seeds) AS loss_gap_with_margin,
       avg(without - with_norm) AS saved,
       any_value(t)[least(seeds, 10) - 1] * stddev(without - with_norm) / sqrt(seeds) AS saved_margin,
       count(*) FILTER (without > with_norm) AS seeds_that_save,
       avg(train_without) AS train_accuracy_without, avg(train_with) AS train_accuracy_with
FROM by_seed, student
WHERE isfinite(without) AND isfinite(with_norm)
GROUP BY ALL
ORDER BY ALL
