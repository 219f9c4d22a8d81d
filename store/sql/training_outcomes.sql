-- How training ended for chosen configurations, over seeds.
-- A seed trains as `outcomes.trains` says. Accuracies are means over seeds that did not
-- diverge; steps to 0.90 is the median over the seeds that reach it.
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
SELECT init, activation, norm, depth, lr, count(*) AS seeds,
       avg(trains::INTEGER) AS share_that_train,
       median(steps_to_90) AS steps_to_90,
       avg(final_test_accuracy) FILTER (isfinite(final_test_accuracy)) AS final_test_accuracy,
       avg(final_train_loss) FILTER (isfinite(final_train_loss)) AS final_train_loss,
       count(*) FILTER (diverged) AS diverged, min(diverged_at_step) AS diverged_at_step
FROM outcomes
WHERE study = 'training' AND network = $network AND dataset = $dataset AND preprocessing = $preprocessing AND width = $width
  AND batch_size = $batch_size AND optimizer = $optimizer AND steps = $steps
  AND ($inits IS NULL OR list_contains($inits, init))
  AND ($activations IS NULL OR list_contains($activations, activation))
  AND ($norms IS NULL OR list_contains($norms, norm))
  AND ($depths IS NULL OR list_contains($depths, depth))
  AND ($lrs IS NULL OR list_contains($lrs, lr))
GROUP BY init, activation, norm, depth, lr
ORDER BY init, activation, norm, depth, lr
