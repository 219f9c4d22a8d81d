-- Learning curves of chosen configurations, over seeds.
-- One row per configuration and logged step. Means and ranges are over the seeds whose value is finite at that step;
-- diverged counts the seeds that had met a non-finite loss by then.
-- $network VARCHAR = 'mlp': kind of network
-- $dataset VARCHAR = 'digits': where the examples come from
-- $preprocessing VARCHAR = 'standardize': what was done to the inputs
-- $width INTEGER = 64: units per layer
-- $batch_size INTEGER = 64: examples per minibatch
-- $optimizer VARCHAR = 'sgd': update rule
-- $steps INTEGER = 200: number of updates
-- $inits VARCHAR[] = NULL: only these initializations; NULL means all
-- $activations VARCHAR[] = NULL: only these activations; NULL means all
-- $norms VARCHAR[] = NULL: only these normalizations; NULL means all
-- $depths INTEGER[] = NULL: only these depths; NULL means all
-- $lrs DOUBLE[] = NULL: only these learning rates; NULL means all
SELECT init, activation, norm, depth, lr, step, count(*) AS seeds,
       count(*) FILTER (diverged_at_step <= step) AS diverged,
       @over_seeds(train_loss),
       @over_seeds(test_accuracy)
FROM convergence JOIN (SELECT cell_id, diverged_at_step FROM cells) USING (cell_id)
WHERE study = 'training' AND network = $network AND dataset = $dataset AND preprocessing = $preprocessing AND width = $width
  AND batch_size = $batch_size AND optimizer = $optimizer AND steps = $steps
  AND ($inits IS NULL OR list_contains($inits, init))
  AND ($activations IS NULL OR list_contains($activations, activation))
  AND ($norms IS NULL OR list_contains($norms, norm))
  AND ($depths IS NULL OR list_contains($depths, depth))
  AND ($lrs IS NULL OR list_contains($lrs, lr))
GROUP BY init, activation, norm, depth, lr, step
ORDER BY init, activation, norm, depth, lr, step
