-- L1, preprocessing: how ill-conditioned is the loss, how sensitive to a change of W, and how fast may one learn?
-- One row per data set, pipeline and whatever else tells the linear classifiers apart, means over seeds. Linear classifier: condition number of the Hessian; loss after a random change of
-- W of relative size $size divided by the loss before it, and the accuracy after it (low and high hold 95 % of the
-- directions); loss above the minimum after $steps steps of gradient descent, as a share of that at the start. Deep
-- network ($depth hidden layers, no normalization): largest rate at which no seed diverged, and the mean test accuracy
-- at its best rate, of those where it is a number (low and high are the range over seeds); NULL where none was trained.
-- $size DOUBLE = 0.1: norm of the change divided by the norm of W
-- $steps INTEGER = 10: steps of gradient descent, at the rate 1/largest curvature
-- $depth INTEGER = 10: hidden layers of the deep network
-- $width INTEGER = 64: units per layer of the deep network
WITH numbers AS (
    SELECT cell_id, dataset, preprocessing, network, init, activation, norm, depth, width, batch_size, steps, study_axes, seed,
           max(value) FILTER (quantity = 'condition_number') AS condition_number,
           max(value) FILTER (quantity = 'perturbed_loss' AND position = 0 AND part = 'mean') AS at_rest,
           max(value) FILTER (quantity = 'perturbed_loss' AND position = $size AND part = 'mean') AS loss,
           max(value) FILTER (quantity = 'perturbed_loss' AND position = $size AND part = 'low') AS loss_low,
           max(value) FILTER (quantity = 'perturbed_loss' AND position = $size AND part = 'high') AS loss_high,
           max(value) FILTER (quantity = 'perturbed_accuracy' AND position = $size AND part = 'mean') AS accuracy,
           max(value) FILTER (quantity = 'perturbed_accuracy' AND position = $size AND part = 'low') AS accuracy_low,
           max(value) FILTER (quantity = 'perturbed_accuracy' AND position = $size AND part = 'high') AS accuracy_high,
           max(value) FILTER (quantity = 'excess_loss' AND position = $steps
                              AND part = 'rate 1/largest curvature') AS excess_loss
    FROM quantities
    WHERE study = 'preprocessing'
    GROUP BY ALL
), linear AS (
    SELECT dataset, preprocessing, network, init, activation, norm, depth, width, batch_size, steps, study_axes,
           count(*) AS seeds, avg(condition_number) AS condition_number,
           avg(loss / at_rest) AS loss_factor, min(loss_low / at_rest) AS loss_factor_low,
           max(loss_high / at_rest) AS loss_factor_high, avg(accuracy) AS accuracy,
           min(accuracy_low) AS accuracy_low, max(accuracy_high) AS accuracy_high, avg(excess_loss) AS excess_loss
    FROM numbers
    GROUP BY ALL
), by_rate AS (
    SELECT dataset, preprocessing, init, activation, optimizer, batch_size, steps, lr,
           bool_or(diverged) AS any_diverged, avg(final_test_accuracy) AS deep_accuracy,
           min(final_test_accuracy) AS deep_accuracy_low, max(final_test_accuracy) AS deep_accuracy_high
    FROM outcomes
    WHERE study = 'training' AND network = 'mlp' AND norm = 'none' AND depth = $depth AND width = $width
      AND init = 'kaiming' AND activation = 'relu' AND optimizer = 'sgd'
    GROUP BY ALL
), deep AS (
    SELECT dataset, preprocessing, max(lr) AS largest_rate, arg_max(lr, (deep_accuracy, -lr)) FILTER (isfinite(deep_accuracy)) AS best_rate,
           max(deep_accuracy) FILTER (isfinite(deep_accuracy)) AS deep_accuracy,
           arg_max(deep_accuracy_low, (deep_accuracy, -lr)) FILTER (isfinite(deep_accuracy)) AS deep_accuracy_low,
           arg_max(deep_accuracy_high, (deep_accuracy, -lr)) FILTER (isfinite(deep_accuracy)) AS deep_accuracy_high
    FROM by_rate
    WHERE NOT any_diverged
    GROUP BY ALL
)
SELECT linear.*, deep.* EXCLUDE (dataset, preprocessing)
FROM linear LEFT JOIN deep USING (dataset, preprocessing)
ORDER BY dataset, condition_number DESC, preprocessing, steps, @in_order
