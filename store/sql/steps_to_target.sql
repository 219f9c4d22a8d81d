-- How fast it learns: updates until a test accuracy is reached.
-- One row per configuration: the median over the seeds that reach the target, and how many of the seeds do not.
-- $target DOUBLE = 0.9: test accuracy to reach
-- $dataset VARCHAR = NULL: only this data set; NULL means all
-- $activation VARCHAR = NULL: only this activation; NULL means all
WITH reached AS (
    SELECT cell_id, min(step) AS step
    FROM curves
    WHERE isfinite(test_accuracy) AND test_accuracy >= $target::FLOAT
    GROUP BY cell_id
)
SELECT dataset, preprocessing, network, init, activation, norm, depth, width, batch_size, optimizer, lr, steps,
       count(*)                                    AS seeds,
       count(*) FILTER (reached.step IS NULL)      AS never_reached,
       median(reached.step)                        AS steps_to_target,
       min(reached.step)                           AS fastest,
       max(reached.step)                           AS slowest
FROM axes JOIN (SELECT cell_id, status FROM cells) USING (cell_id) LEFT JOIN reached USING (cell_id)
WHERE status <> 'failed' AND study = 'training' AND ($dataset IS NULL OR dataset = $dataset)
  AND ($activation IS NULL OR activation = $activation)
GROUP BY ALL
ORDER BY steps_to_target NULLS LAST, never_reached, dataset, activation, norm, init, depth, lr
