-- L17, transfer learning: which scheme is best, for how many images, on a target how similar to the source?
-- One row per target, number of images per class and scheme: test accuracy after training, and its gain over training
-- from scratch on the same images, paired by seed; seeds_that_gain counts the seeds in which it is positive. Each margin
-- is half of a 95 % confidence interval (Student's t) of the mean over seeds. A diverged seed is left out and counted.
-- images is per_class, or what the target's smallest class has where that is less. Evidence: settings were chosen on the
-- seeds below $selection; the others, looked at only afterwards, are confirmation.
-- $dataset VARCHAR = NULL: only this target; NULL means all
-- $selection INTEGER = 5: seeds below this one were used for selection
WITH by_seed AS (
    SELECT study_axes['source'] AS source, study_numbers['source_steps']::INTEGER AS source_steps,
           study_numbers['source_lr'] AS source_lr, dataset, preprocessing, network, init, activation, norm,
           depth, width, batch_size, optimizer, lr, steps, seed,
           CASE WHEN seed < $selection THEN 'selection' ELSE 'confirmation' END AS evidence,
           study_numbers['per_class']::INTEGER AS per_class, position::INTEGER AS images, part AS scheme,
           CASE WHEN isfinite(value) THEN value END AS accuracy
    FROM measurements JOIN cells USING (cell_id)
    WHERE quantity = 'transfer_accuracy' AND ($dataset IS NULL OR dataset = $dataset)
), paired AS (
    SELECT *, accuracy - max(CASE WHEN scheme = 'scratch' THEN accuracy END) OVER (
               PARTITION BY source, source_steps, source_lr, dataset, preprocessing, network, init, activation, norm, depth, width,
                            batch_size, optimizer, lr, steps, seed, per_class
           ) AS gain
    FROM by_seed
)
SELECT source, source_steps, source_lr, dataset, preprocessing, network, init, activation, norm, depth, width, batch_size, optimizer, lr,
       steps, evidence, per_class, images, scheme, count(accuracy) AS seeds, count(*) - count(accuracy) AS left_out,
       avg(accuracy) AS accuracy,
       @margin(accuracy) AS accuracy_margin,
       avg(gain) AS gain, @margin(gain) AS gain_margin,
       count(*) FILTER (gain > 0) AS seeds_that_gain
FROM paired
GROUP BY ALL
ORDER BY ALL
