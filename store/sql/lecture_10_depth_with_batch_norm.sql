-- L10, batch norm makes deep networks easier to train: from how many initializations do they?
-- One row per activation, depth and normalization: share of all networks (initializations × seeds) that train
-- (`outcomes.trains`), with a 95 % interval for other seeds; then, of the initializations of which no seed diverges, the one of
-- the highest mean accuracy (of several the first in the alphabet), that mean and the range over its seeds. A diverged
-- network does not train, and has no accuracy. Networks of one seed share their draws, so the interval counts what is
-- independent: it is Wilson's for as many networks as would scatter like the shares of the seeds (Korn and Graubard 1998,
-- with Student's t for the scatter of few seeds), at least as many as there are seeds and at most all. gain is the share less
-- that without normalization, its 95 % interval made of those of both: d ∓ √((p − l)² + (u′ − p′)²) (Newcombe 1998,
-- Statistics in Medicine 17, 873–890, method 10); the networks have seeds in common, so it is too wide if anything.
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
), intervals AS (
    SELECT *, (share + z / 2 - sqrt(z * share * (1 - share) + z * z / 4)) / (1 + z) AS low,
           (share + z / 2 + sqrt(z * share * (1 - share) + z * z / 4)) / (1 + z) AS high
    FROM shares
), plain AS (
    SELECT activation, depth, share, low, high FROM intervals WHERE norm = 'none'
)
SELECT intervals.activation, intervals.depth, norm, networks, seeds, independent, intervals.share AS share_that_train,
       intervals.low AS share_low, intervals.high AS share_high, intervals.share - plain.share AS gain,
       gain - sqrt(pow(intervals.share - intervals.low, 2) + pow(plain.high - plain.share, 2)) AS gain_low,
       gain + sqrt(pow(intervals.high - intervals.share, 2) + pow(plain.share - plain.low, 2)) AS gain_high,
       best_init, best.accuracy, accuracy_low, accuracy_high
FROM intervals LEFT JOIN best USING (activation, depth, norm)
LEFT JOIN plain ON (plain.activation, plain.depth) = (intervals.activation, intervals.depth) AND norm <> 'none'
ORDER BY intervals.activation, intervals.depth, norm
