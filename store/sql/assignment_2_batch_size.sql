-- CS231n's second assignment: batch size, with and without batch norm.
-- One row per configuration, batch size and normalization: best test accuracy and final training accuracy, means over seeds with their
-- range; diverged networks are counted and left out. 5 hidden layers of 100 units, the same number of epochs for each.
-- $dataset VARCHAR = 'fashion-1000': where the examples come from
-- $width INTEGER = 100: units per layer
-- $depth INTEGER = 5: hidden layers
SELECT preprocessing, init, activation, lr, batch_size, norm, steps, count(*) AS seeds, count(*) FILTER (diverged) AS diverged,
       avg(best_test_accuracy) FILTER (NOT diverged) AS best_test_accuracy,
       min(best_test_accuracy) FILTER (NOT diverged) AS best_test_accuracy_low,
       max(best_test_accuracy) FILTER (NOT diverged) AS best_test_accuracy_high,
       avg(final_train_accuracy) FILTER (NOT diverged) AS final_train_accuracy,
       min(final_train_accuracy) FILTER (NOT diverged) AS final_train_accuracy_low,
       max(final_train_accuracy) FILTER (NOT diverged) AS final_train_accuracy_high
FROM outcomes
WHERE study = 'training' AND network = 'mlp' AND dataset = $dataset AND width = $width AND depth = $depth
  AND optimizer = 'adam'
GROUP BY preprocessing, init, activation, lr, batch_size, norm, steps
ORDER BY preprocessing, init, activation, lr, norm, steps DESC, batch_size
