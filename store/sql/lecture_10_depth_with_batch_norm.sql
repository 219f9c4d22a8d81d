-- L10, batch norm makes deep networks easier to train: from how many initializations do they?
-- One row per activation, depth and normalization: share of all networks (initializations × seeds) that train
-- (`outcomes.trains`), with Wilson's 95 % interval; then, of the initializations of which no seed diverges, the one of
-- the highest mean accuracy (of several the first in the alphabet), that mean and the range over its seeds. A diverged
-- network does not train, and has no accuracy.
-- $inits VARCHAR[] = ['normal(std=0.01)', 'normal(std=0.05)', 'xavier', 'kaiming', 'torch_default']: initializations
-- $dataset VARCHAR = 'digits': where the examples come from
-- $width INTEGER = 64: units per layer
-- $batch_size INTEGER = 64: examples per minibatch
-- $steps INTEGER = 200: number of updates
-- $lr DOUBLE = 0.1: learning rate
WITH cells_at_rate AS (
    SELECT activation, depth, norm, init, trains, CASE WHEN isfinite(final_test_accuracy) THEN final_test_accuracy END AS accuracy
    FROM outcomes
    WHERE study = 'training' AND network = 'mlp' AND list_contains($inits, init) AND dataset = $dataset
      AND preprocessing = 'standardize' AND width = $width AND lr = $lr AND optimizer = 'sgd'
      AND batch_size = $batch_size AND steps = $steps
), by_init AS (
    SELECT activation, depth, norm, init, avg(accuracy) AS accuracy, min(accuracy) AS low, max(accuracy) AS high
    FROM cells_at_rate
    GROUP BY ALL
    HAVING count(accuracy) = count(*)
), best AS (
    SELECT activation, depth, norm, arg_min(init, (-accuracy, init)) AS best_init, max(accuracy) AS accuracy,
           arg_min_null(low, (-accuracy, init)) AS accuracy_low, arg_min_null(high, (-accuracy, init)) AS accuracy_high
    FROM by_init
    GROUP BY ALL
), shares AS (
    SELECT activation, depth, norm, count(*) AS networks, avg(trains::INTEGER) AS share,
           1.96 * 1.96 / count(*) AS z
    FROM cells_at_rate
    GROUP BY ALL
)
SELECT activation, depth, norm, networks, share AS share_that_train,
       (share + z / 2 - sqrt(z * share * (1 - share) + z * z / 4)) / (1 + z) AS share_low,
       (share + z / 2 + sqrt(z * share * (1 - share) + z * z / 4)) / (1 + z) AS share_high,
       best_init, best.accuracy, accuracy_low, accuracy_high
FROM shares LEFT JOIN best USING (activation, depth, norm)
ORDER BY activation, depth, norm
