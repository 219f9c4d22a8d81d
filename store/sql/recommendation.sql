-- What trains best on one shape of network: initialization, normalization, optimizer and learning rate, ranked.
-- One row per combination. The score is the mean over seeds of the final test accuracy; a diverged seed has none and counts
-- as guessing. How far the first leads is compared in pairs, on the shared_seeds with which both were trained: such runs
-- share their draws. lead is the mean difference; from lead_needed on it is clear. Two things are asked of a clear lead, each
-- at a level of $level. The pair by itself: Student's t of the differences. And that the first was picked as the best of all:
-- Student's t for each of the pairs there are (Bonferroni), with the variance of differences between all combinations down
-- to this one, and at least the first $together; or of the first to all of these, or of the pair, where that is larger: some are
-- noisier than others. Accuracies are rounded to steps of one test example, and no variance is taken to be smaller than that of
-- rounding. clearly_better is NULL, and so is lead_needed, where fewer than $enough seeds are shared: that cannot be told.
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
-- $level DOUBLE = 0.03: how often identical combinations may seem different
-- $enough INTEGER = 3: shared seeds that are needed for a comparison
-- $together INTEGER = 5: combinations whose differences are put together at least
WITH runs_scored AS (
    SELECT init, norm, optimizer, lr, seed, diverged, trains, steps_to_90,
           CASE WHEN NOT diverged AND isfinite(final_test_accuracy) THEN final_test_accuracy ELSE chance END::DOUBLE AS score
    FROM outcomes
    WHERE study = 'training' AND network = $network AND dataset = $dataset AND preprocessing = $preprocessing
      AND activation = $activation AND depth = $depth AND width = $width AND batch_size = $batch_size
      AND steps = $steps AND ($norms IS NULL OR list_contains($norms, norm))
      AND ($optimizers IS NULL OR list_contains($optimizers, optimizer))
), ranked AS (
    SELECT init, norm, optimizer, lr, count(*) AS seeds, avg(score) AS score, min(score) AS low, max(score) AS high,
           count(*) FILTER (diverged) AS diverged, avg(trains::INTEGER) AS share_that_train,
           median(steps_to_90) AS steps_to_90,
           row_number() OVER (ORDER BY avg(score) DESC, median(steps_to_90) NULLS LAST, init, norm, optimizer, lr)
               AS place
    FROM runs_scored
    GROUP BY init, norm, optimizer, lr
), placed AS (
    SELECT place, seed, runs_scored.score FROM runs_scored JOIN ranked USING (init, norm, optimizer, lr)
), resolution AS (
    -- A step is the smallest gap between two accuracies, in five digits. Rounded to steps, each has a variance of step²/12.
    SELECT coalesce(pow(min(gap) FILTER (gap > 0), 2) / 6, 0) AS rounding
    FROM (SELECT round(score, 5) - lag(round(score, 5)) OVER (ORDER BY score) AS gap FROM placed)
), pairs AS (
    SELECT better.place AS above, worse.place AS place, count(*) AS shared, avg(better.score - worse.score) AS lead,
           coalesce(var_samp(better.score - worse.score), 0) AS variance
    FROM placed AS better JOIN placed AS worse ON better.seed = worse.seed AND better.place < worse.place
    GROUP BY better.place, worse.place
), pooled AS (
    -- Of all pairs down to a place. Each of p combinations takes part in p − 1 pairs: hence the degrees of freedom.
    SELECT place, sum(sum(variance * (shared - 1))) OVER down / nullif(sum(sum(shared - 1)) OVER down, 0) AS variance,
           2 * sum(sum(shared - 1)) OVER down / place AS freedom,
           sum(sum(variance * (shared - 1)) FILTER (above = 1)) OVER down
               / nullif(sum(sum(shared - 1) FILTER (above = 1)) OVER down, 0) AS of_first
    FROM pairs
    GROUP BY place
    WINDOW down AS (ORDER BY place)
), levels AS (
    SELECT combinations, @normal_quantile(one) AS alone, @normal_quantile(best) AS picked
    FROM (SELECT count(*) AS combinations, $level / 2 AS one, $level / (count(*) * (count(*) - 1)) AS best
          FROM ranked HAVING count(*) > 1)
), compared AS (
    SELECT pairs.place, shared, lead, CASE WHEN shared >= $enough THEN greatest(
               @students_quantile(alone, shared - 1) * sqrt(greatest(pairs.variance, rounding) / shared),
               @students_quantile(picked, freedom) * sqrt(greatest(pooled.variance, of_first, pairs.variance, rounding) / shared)
           ) END AS lead_needed
    FROM levels, resolution, pairs JOIN pooled ON pooled.place = greatest(pairs.place, least($together, combinations))
    WHERE above = 1
)
SELECT place, init, norm, optimizer, lr, score, low, high, seeds, share_that_train, steps_to_90, diverged,
       CASE WHEN place > 1 THEN coalesce(shared, 0) END AS shared_seeds, lead, lead_needed,
       lead > lead_needed AS clearly_better
FROM ranked LEFT JOIN compared USING (place)
ORDER BY place
