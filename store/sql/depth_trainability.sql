-- How deep it still trains: share of seeds that train (`outcomes.trains`), at the best learning rate.
-- One row per initialization, activation, normalization, optimizer and depth. The learning rate is the one with the
-- largest share, among equals with the highest mean accuracy, then the smallest rate.
-- $dataset VARCHAR = NULL: only this data set; NULL means all
-- $activation VARCHAR = NULL: only this activation; NULL means all
WITH by_rate AS (
    SELECT dataset, preprocessing, network, init, activation, norm, optimizer, depth, width, batch_size, steps, lr,
           count(*)                                                              AS seeds,
           avg(trains::INTEGER)                                                  AS share_that_train,
           avg(final_test_accuracy) FILTER (isfinite(final_test_accuracy))       AS mean_final_accuracy,
           count(*) FILTER (NOT coalesce(isfinite(final_test_accuracy), false))                   AS left_out
    FROM outcomes
    WHERE study = 'training' AND ($dataset IS NULL OR dataset = $dataset) AND ($activation IS NULL OR activation = $activation)
    GROUP BY ALL
)
SELECT * RENAME (lr AS best_lr)
FROM by_rate
QUALIFY row_number() OVER (
    PARTITION BY dataset, preprocessing, network, init, activation, norm, optimizer, depth, width, batch_size, steps
    ORDER BY share_that_train DESC, mean_final_accuracy DESC NULLS LAST, lr
) = 1
ORDER BY dataset, activation, norm, init, optimizer, depth, width, batch_size, steps
