-- L12, rate by rate: what does batch norm change at each learning rate?
-- One row per activation, depth and rate tried both with and without batch norm, for $init: mean test accuracy at the end
-- without and with it, and the gain, with minus without, paired by seed, with its range over the seeds. A diverged seed
-- has no accuracy: its pair is left out, and how many diverged is counted on either side.
-- $init VARCHAR = 'kaiming': initialization
-- $dataset VARCHAR = 'digits': where the examples come from
-- $width INTEGER = 64: units per layer
-- $batch_size INTEGER = 64: examples per minibatch
-- $steps INTEGER = 200: number of updates
WITH tried AS (
    SELECT activation, depth, norm, lr, seed, diverged,
           CASE WHEN isfinite(final_test_accuracy) THEN final_test_accuracy::DOUBLE END AS accuracy
    FROM outcomes
    WHERE study = 'training' AND network = 'mlp' AND init = $init AND dataset = $dataset AND width = $width
      AND preprocessing = 'standardize' AND optimizer = 'sgd' AND batch_size = $batch_size AND steps = $steps
), paired AS (
    SELECT activation, depth, lr, plain.accuracy AS without, normed.accuracy AS with_norm,
           normed.accuracy - plain.accuracy AS gain, plain.diverged AS plain_diverged, normed.diverged AS normed_diverged
    FROM tried AS normed JOIN tried AS plain USING (activation, depth, lr, seed)
    WHERE normed.norm = 'batch' AND plain.norm = 'none'
)
SELECT activation, depth, lr, count(gain) AS seeds, count(*) FILTER (plain_diverged) AS diverged_without,
       count(*) FILTER (normed_diverged) AS diverged_with, avg(without) AS accuracy_without,
       avg(with_norm) AS accuracy_with, avg(gain) AS gain, min(gain) AS gain_low, max(gain) AS gain_high
FROM paired
GROUP BY activation, depth, lr
ORDER BY activation, depth, lr
