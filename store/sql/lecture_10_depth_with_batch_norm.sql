-- L10, batch norm makes deep networks easier to train: from how many initializations do they?
-- One row per activation, depth and normalization: share of all networks (initializations × seeds) that train
-- (`outcomes.trains`), with a 95 % interval for other seeds; then, of the initializations of which no seed diverges, the one of
-- the highest mean accuracy (of several the first in the alphabet), that mean and the range over its seeds. A diverged
-- network does not train, and has no accuracy. Networks of one seed share their draws, so the interval counts what is
-- independent: it is Wilson's for as many networks as would scatter like the shares of the seeds (Korn and Graubard 1998,
-- with Student's t for the scatter of few seeds), at least as many as there are seeds and at most all.
-- $inits VARCHAR[] = ['normal(std=0.01)', 'normal(std=0.05)', 'xavier', 'kaiming', 'torch_default']: initializations
-- $dataset VARCHAR = 'digits': where the examples come from
-- $width INTEGER = 64: units per layer
-- $batch_size INTEGER = 64: examples per minibatch
-- $steps INTEGER = 200: number of updates
-- $lr DOUBLE = 0.1: learning rate
WITH cells_at_rate AS (
    SELECT activation, depth, norm, init, seed, trains, CASE WHEN isfinite(final_test_accuracy) THEN final_test_accuracy END AS accuracy
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
), by_seed AS (
    SELECT activation, depth, norm, seed, count(*) AS networks, count(*) FILTER (trains) AS trained,
           avg(trains::INTEGER) AS share
    FROM cells_at_rate
    GROUP BY ALL
), scattered AS (
    SELECT activation, depth, norm, sum(networks)::INTEGER AS networks, count(*) AS seeds, sum(trained) / sum(networks) AS share,
           coalesce(var_samp(share), 0) AS variance, greatest(count(*) - 1, 1) AS freedom
    FROM by_seed
    GROUP BY activation, depth, norm
), counted AS (
    SELECT *, CASE WHEN seeds = 1 OR (variance = 0 AND share IN (0, 1)) THEN seeds WHEN variance = 0 THEN networks
                   ELSE greatest(seeds, least(networks, share * (1 - share) * seeds / variance
                                              * pow(1.95996 / @students_quantile(1.95996, freedom), 2))) END AS independent
    FROM scattered
), shares AS (
    SELECT *, pow(1.95996, 2) / independent AS z FROM counted
)
SELECT activation, depth, norm, networks, seeds, independent, share AS share_that_train,
       (share + z / 2 - sqrt(z * share * (1 - share) + z * z / 4)) / (1 + z) AS share_low,
       (share + z / 2 + sqrt(z * share * (1 - share) + z * z / 4)) / (1 + z) AS share_high,
       best_init, best.accuracy, accuracy_low, accuracy_high
FROM shares LEFT JOIN best USING (activation, depth, norm)
ORDER BY activation, depth, norm
