-- How far the learning rate can be pushed: the outcome at each rate, and the largest stable one.
-- One row per configuration and rate, for configurations tried at several rates. A rate is stable when no seed diverges
-- at it or at a smaller rate that was tried. A diverged seed counts as accuracy zero. The best rate is that of the highest
-- mean accuracy, of several the smallest.
-- $networks VARCHAR[] = NULL: only these networks; NULL means all
-- $datasets VARCHAR[] = NULL: only these data sets; NULL means all
-- $preprocessings VARCHAR[] = NULL: only these preprocessings; NULL means all
-- $inits VARCHAR[] = NULL: only these initializations; NULL means all
-- $activations VARCHAR[] = NULL: only these activations; NULL means all
-- $norms VARCHAR[] = NULL: only these normalizations; NULL means all
-- $depths INTEGER[] = NULL: only these depths; NULL means all
-- $widths INTEGER[] = NULL: only these widths; NULL means all
-- $batch_sizes INTEGER[] = NULL: only these batch sizes; NULL means all
-- $optimizers VARCHAR[] = NULL: only these optimizers; NULL means all
-- $lrs DOUBLE[] = NULL: only these learning rates; NULL means all
-- $step_counts INTEGER[] = NULL: only these numbers of updates; NULL means all
WITH by_rate AS (
    SELECT network, dataset, preprocessing, init, activation, norm, depth, width, batch_size, optimizer, lr, steps, count(*) AS seeds, count(*) FILTER (diverged) AS diverged,
           count(steps_to_90) / count(*) AS share_that_train, median(steps_to_90) AS steps_to_90,
           avg(CASE WHEN isfinite(final_test_accuracy) THEN final_test_accuracy ELSE 0 END) AS mean,
           min(CASE WHEN isfinite(final_test_accuracy) THEN final_test_accuracy ELSE 0 END) AS low,
           max(CASE WHEN isfinite(final_test_accuracy) THEN final_test_accuracy ELSE 0 END) AS high
    FROM outcomes
    WHERE study = 'training'
  AND ($networks IS NULL OR list_contains($networks, network))
  AND ($datasets IS NULL OR list_contains($datasets, dataset))
  AND ($preprocessings IS NULL OR list_contains($preprocessings, preprocessing))
  AND ($inits IS NULL OR list_contains($inits, init))
  AND ($activations IS NULL OR list_contains($activations, activation))
  AND ($norms IS NULL OR list_contains($norms, norm))
  AND ($depths IS NULL OR list_contains($depths, depth))
  AND ($widths IS NULL OR list_contains($widths, width))
  AND ($batch_sizes IS NULL OR list_contains($batch_sizes, batch_size))
  AND ($optimizers IS NULL OR list_contains($optimizers, optimizer))
  AND ($lrs IS NULL OR list_contains($lrs, lr))
  AND ($step_counts IS NULL OR list_contains($step_counts, steps))
    GROUP BY ALL
), judged AS (
    SELECT *, max(diverged) OVER (PARTITION BY network, dataset, preprocessing, init, activation, norm, depth, width, batch_size, optimizer, steps ORDER BY lr) = 0 AS stable
    FROM by_rate
)
SELECT *, max(lr) FILTER (stable) OVER (PARTITION BY network, dataset, preprocessing, init, activation, norm, depth, width, batch_size, optimizer, steps) AS largest_stable,
       arg_max(lr, (mean, -lr)) OVER (PARTITION BY network, dataset, preprocessing, init, activation, norm, depth, width, batch_size, optimizer, steps) AS best
FROM judged
QUALIFY count(*) OVER (PARTITION BY network, dataset, preprocessing, init, activation, norm, depth, width, batch_size, optimizer, steps) > 1
ORDER BY ALL
