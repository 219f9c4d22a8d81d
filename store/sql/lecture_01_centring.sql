-- L1, images: is it enough to centre them, or does dividing by the standard deviations gain something?
-- One row per data set and settings of the linear classifier (steps of its descent, directions of change) and of the
-- training. Linear classifier: by what a random change of W of relative size $size multiplies the loss, and
-- the condition number of the Hessian, both centred and standardized (means over seeds); for the shape of the loss,
-- centring is enough when standardizing does not divide the condition number by more than $better. Deep network ($depth
-- hidden layers, Kaiming, ReLU, no normalization): test accuracy on centred and on standardized inputs, each at its best
-- rate, of the rates at which no seed diverges and the mean accuracy is a number, and what standardizing gains, paired
-- by seed, with its margin, half of a 95 % confidence interval (Student's t); for training, centring is enough when the
-- whole interval of the gain lies below $tolerance, not enough when all of it is positive. NULL where it was not
-- measured.
-- $centred VARCHAR = 'center': what is said to be enough
-- $scaled VARCHAR = 'standardize': what it is compared with
-- $size DOUBLE = 0.1: norm of the change divided by the norm of W
-- $depth INTEGER = 10: hidden layers of the deep network
-- $width INTEGER = 64: units per layer of the deep network
-- $better DOUBLE = 2: factor by which standardizing may improve the condition number while centring still counts as enough
-- $tolerance DOUBLE = 0.02: accuracy that standardizing may gain while centring still counts as enough
WITH numbers AS (
    SELECT cell_id, dataset, preprocessing, network, init, activation, norm, depth, width, batch_size, steps, study_axes,
           max(value) FILTER (quantity = 'condition_number') AS condition_number,
           max(value) FILTER (quantity = 'perturbed_loss' AND part = 'mean' AND position = $size)
           / max(value) FILTER (quantity = 'perturbed_loss' AND part = 'mean' AND position = 0) AS factor
    FROM quantities
    WHERE study = 'preprocessing'
    GROUP BY ALL
), linear AS (
    SELECT dataset, steps AS descent_steps, study_axes, avg(factor) FILTER (preprocessing = $centred) AS factor_centred,
           avg(factor) FILTER (preprocessing = $scaled) AS factor_standardized,
           avg(condition_number) FILTER (preprocessing = $centred) AS condition_centred,
           avg(condition_number) FILTER (preprocessing = $scaled) AS condition_standardized,
           condition_centred / condition_standardized AS condition_gain
    FROM numbers
    GROUP BY dataset, network, init, activation, norm, depth, width, batch_size, steps, study_axes
), trained AS (
    SELECT dataset, preprocessing, batch_size, steps, lr, seed, diverged, final_test_accuracy::DOUBLE AS accuracy
    FROM outcomes
    WHERE study = 'training' AND network = 'mlp' AND norm = 'none' AND depth = $depth AND width = $width
      AND init = 'kaiming' AND activation = 'relu' AND optimizer = 'sgd' AND preprocessing IN ($centred, $scaled)
), best AS (
    SELECT dataset, preprocessing, batch_size, steps, arg_max(lr, (accuracy, -lr)) AS lr
    FROM (
        SELECT dataset, preprocessing, batch_size, steps, lr, avg(accuracy) AS accuracy
        FROM trained
        GROUP BY ALL
        HAVING NOT bool_or(diverged) AND isfinite(avg(accuracy))
    )
    GROUP BY ALL
), by_seed AS (
    SELECT dataset, batch_size, steps, seed, max(accuracy) FILTER (preprocessing = $centred) AS centred,
           max(accuracy) FILTER (preprocessing = $scaled) AS standardized,
           max(lr) FILTER (preprocessing = $centred) AS rate_centred,
           max(lr) FILTER (preprocessing = $scaled) AS rate_standardized
    FROM trained SEMI JOIN best USING (dataset, preprocessing, batch_size, steps, lr)
    GROUP BY ALL
), deep AS (
    SELECT dataset, batch_size, steps, count(standardized - centred) AS seeds, avg(centred) AS accuracy_centred,
           avg(standardized) AS accuracy_standardized, any_value(rate_centred) AS rate_centred,
           any_value(rate_standardized) AS rate_standardized, avg(standardized - centred) AS gain,
           @margin(standardized - centred) AS gain_margin
    FROM by_seed
    WHERE centred IS NOT NULL AND standardized IS NOT NULL
    GROUP BY dataset, batch_size, steps
)
SELECT dataset, descent_steps, study_axes, factor_centred, factor_standardized, condition_centred,
       condition_standardized, condition_gain,
       CASE WHEN condition_gain <= $better THEN 'enough' WHEN condition_gain IS NOT NULL THEN 'not enough' END AS for_the_loss,
       batch_size, steps, seeds, accuracy_centred, rate_centred,
       accuracy_standardized, rate_standardized, gain, gain_margin,
       CASE WHEN gain + gain_margin <= $tolerance THEN 'enough' WHEN gain - gain_margin > 0 THEN 'not enough'
            WHEN gain IS NOT NULL THEN 'undecided' END AS for_training
FROM linear LEFT JOIN deep USING (dataset)
ORDER BY dataset, descent_steps, @in_order, batch_size, steps
