-- What trains best on one shape of network: initialization, normalization, optimizer and learning rate, ranked.
-- One row per combination. The score is the final test accuracy, mean over seeds; a diverged seed scores zero.
-- first_beats is the probability that a run of the first row scores higher than a run of this one: the share of all
-- pairs of seeds, a tie counting half.
-- $network VARCHAR = 'mlp': kind of network
-- $dataset VARCHAR = 'digits': where the examples come from
-- $preprocessing VARCHAR = 'standardize': what was done to the inputs
-- $activation VARCHAR = 'relu': activation function
-- $depth INTEGER = 10: hidden layers
-- $width INTEGER = 64: units per layer
-- $batch_size INTEGER = 64: examples per minibatch
-- $steps INTEGER = 200: number of updates
-- $norms VARCHAR[] = NULL: normalizations allowed; NULL means all
-- $optimizers VARCHAR[] = NULL: optimizers allowed; NULL means all
WITH runs_scored AS (
    SELECT init, norm, optimizer, lr, seed, diverged, trains, steps_to_90,
           CASE WHEN isfinite(final_test_accuracy) THEN final_test_accuracy ELSE 0 END AS score
    FROM outcomes
    WHERE study = 'training' AND network = $network AND dataset = $dataset AND preprocessing = $preprocessing
      AND activation = $activation AND depth = $depth AND width = $width AND batch_size = $batch_size
      AND steps = $steps AND ($norms IS NULL OR list_contains($norms, norm))
      AND ($optimizers IS NULL OR list_contains($optimizers, optimizer))
), ranked AS (
    SELECT init, norm, optimizer, lr, count(*) AS seeds, avg(score) AS score, min(score) AS low, max(score) AS high,
           count(*) FILTER (diverged) AS diverged, avg(trains::INTEGER) AS share_that_train,
           median(steps_to_90) AS steps_to_90, list(score) AS scores,
           row_number() OVER (ORDER BY avg(score) DESC, median(steps_to_90) NULLS LAST, init, norm, optimizer, lr)
               AS place
    FROM runs_scored
    GROUP BY init, norm, optimizer, lr
), compared AS (
    SELECT place, avg(CASE WHEN one > other THEN 1 WHEN one = other THEN 0.5 ELSE 0 END) AS first_beats
    FROM (SELECT unnest(scores) AS one FROM ranked WHERE place = 1), (SELECT place, unnest(scores) AS other FROM ranked)
    GROUP BY place
)
SELECT place, init, norm, optimizer, lr, score, low, high, seeds, share_that_train, steps_to_90, diverged,
       CASE WHEN place > 1 THEN first_beats END AS first_beats
FROM ranked JOIN compared USING (place)
ORDER BY place
