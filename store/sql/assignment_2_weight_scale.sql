-- CS231n's second assignment: weight scale, with and without batch norm.
-- One row per configuration, scale and normalization: best test accuracy, best training accuracy and final training loss, means over
-- seeds with their range; diverged networks are counted and left out. 7 hidden layers of 50 units, Adam at 0.001,
-- batches of 50, ten epochs of 1,000 images.
-- $dataset VARCHAR = 'fashion-1000': where the examples come from
-- $width INTEGER = 50: units per layer
-- $depth INTEGER = 7: hidden layers
-- $batch_size INTEGER = 50: examples per minibatch
WITH trained AS MATERIALIZED (
    FROM outcomes
    WHERE study = 'training' AND network = 'mlp' AND dataset = $dataset AND width = $width AND depth = $depth
      AND batch_size = $batch_size AND optimizer = 'adam' AND init LIKE 'normal(std=%'
), best AS (
    SELECT cell_id, max(train_accuracy) FILTER (isfinite(train_accuracy)) AS best_train_accuracy
    FROM curves SEMI JOIN trained USING (cell_id)
    GROUP BY cell_id
)
SELECT preprocessing, activation, lr, steps, TRY_CAST(regexp_extract(init, '^normal\(std=(.*)\)$', 1) AS DOUBLE) AS scale, norm, count(*) AS seeds,
       count(*) FILTER (diverged) AS diverged,
       avg(best_test_accuracy) FILTER (NOT diverged) AS best_test_accuracy,
       min(best_test_accuracy) FILTER (NOT diverged) AS best_test_accuracy_low,
       max(best_test_accuracy) FILTER (NOT diverged) AS best_test_accuracy_high,
       avg(best_train_accuracy) FILTER (NOT diverged) AS best_train_accuracy,
       min(best_train_accuracy) FILTER (NOT diverged) AS best_train_accuracy_low,
       max(best_train_accuracy) FILTER (NOT diverged) AS best_train_accuracy_high,
       avg(final_train_loss) FILTER (NOT diverged) AS final_train_loss,
       min(final_train_loss) FILTER (NOT diverged) AS final_train_loss_low,
       max(final_train_loss) FILTER (NOT diverged) AS final_train_loss_high
FROM trained JOIN best USING (cell_id)
GROUP BY preprocessing, activation, lr, steps, scale, norm
ORDER BY preprocessing, activation, lr, steps, norm, scale
