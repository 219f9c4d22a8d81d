-- L14, batch norm regularizes: what is the train–test gap with it and without it, by batch size?
-- One row per configuration and batch size. The learning rate is proportional to the batch size, so the noise of the
-- gradient stays; what differs is the noise of the batch's statistics. saved is the gap without minus the gap with batch
-- norm, paired by seed; seeds_that_save counts the seeds in which it is positive. A gap may be small because training fits
-- less: test_gain is the test accuracy with minus that without batch norm, paired by seed, train_gain that of the training
-- accuracy. Each margin is half of a 95 % confidence interval (Student's t) of the mean over seeds. A seed whose gap is not finite is left out and counted.
-- Evidence: settings were chosen on the seeds below $selection; the others, looked at only afterwards, are confirmation.
-- $dataset VARCHAR = NULL: only this data set; NULL means all
-- $selection INTEGER = 5: seeds below this one were used for selection
WITH gaps AS (
    SELECT dataset, preprocessing, network, init, activation, norm, depth, width, optimizer, batch_size, seed,
           study_numbers['lr_per_example'] AS lr_per_example, study_numbers['epochs']::INTEGER AS epochs,
           max(value) FILTER (quantity = 'loss_gap')          AS loss_gap,
           max(value) FILTER (quantity = 'accuracy_on_train') AS train_accuracy,
           max(value) FILTER (quantity = 'mode_accuracy' AND part = 'running statistics') AS test_accuracy
    FROM measurements JOIN cells USING (cell_id)
    WHERE study = 'discrepancy' AND ($dataset IS NULL OR dataset = $dataset)
    GROUP BY ALL
), by_seed AS (
    SELECT normed.* EXCLUDE (loss_gap, train_accuracy, test_accuracy),
           CASE WHEN seed < $selection THEN 'selection' ELSE 'confirmation' END AS evidence,
           isfinite(plain.loss_gap) AND isfinite(normed.loss_gap) AS finite,
           CASE WHEN finite THEN plain.loss_gap END  AS without,   plain.train_accuracy  AS train_without,  plain.test_accuracy  AS test_without,
           CASE WHEN finite THEN normed.loss_gap END AS with_norm, normed.train_accuracy AS train_with, normed.test_accuracy AS test_with
    FROM gaps AS normed JOIN gaps AS plain
        USING (dataset, preprocessing, network, init, activation, depth, width, optimizer, batch_size, seed,
               lr_per_example, epochs)
    WHERE normed.norm <> 'none' AND plain.norm = 'none'
)
SELECT dataset, preprocessing, network, init, activation, norm, depth, width, optimizer, lr_per_example, epochs, evidence,
       batch_size, count(with_norm) AS seeds, count(*) - count(with_norm) AS left_out,
       avg(without) AS loss_gap_without,
       @margin(without) AS loss_gap_without_margin,
       avg(with_norm) AS loss_gap_with,
       @margin(with_norm) AS loss_gap_with_margin,
       avg(without - with_norm) AS saved,
       @margin(without - with_norm) AS saved_margin,
       count(*) FILTER (without > with_norm) AS seeds_that_save,
       avg(train_without) FILTER (finite) AS train_accuracy_without,
       avg(train_with) FILTER (finite) AS train_accuracy_with,
       avg(CASE WHEN finite THEN train_with - train_without END) AS train_gain,
       @margin(CASE WHEN finite THEN train_with - train_without END) AS train_gain_margin,
       avg(test_without) FILTER (finite) AS test_accuracy_without, avg(test_with) FILTER (finite) AS test_accuracy_with,
       avg(CASE WHEN finite THEN test_with - test_without END) AS test_gain,
       @margin(CASE WHEN finite THEN test_with - test_without END) AS test_gain_margin
FROM by_seed
GROUP BY ALL
ORDER BY ALL
