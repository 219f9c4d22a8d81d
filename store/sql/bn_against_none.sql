-- Batch normalization against none: how many seeds train, and how well.
-- One row per configuration and normalization. A seed trains as `outcomes.trains` says. Seeds whose final test
-- accuracy is NaN or infinite are left out of the mean, and are counted in left_out.
-- $activation VARCHAR = NULL: only this activation; NULL means all
SELECT dataset, preprocessing, network, init, activation, depth, width, batch_size, optimizer, lr, steps, norm,
       count(*)                                                          AS seeds,
       avg(trains::INTEGER)                                              AS share_that_train,
       avg(final_test_accuracy) FILTER (isfinite(final_test_accuracy))   AS mean_final_accuracy,
       count(*) FILTER (NOT coalesce(isfinite(final_test_accuracy), false))               AS left_out
FROM outcomes
WHERE study = 'training' AND ($activation IS NULL OR activation = $activation)
GROUP BY ALL
ORDER BY ALL
