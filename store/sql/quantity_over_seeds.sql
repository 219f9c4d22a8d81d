-- One measured quantity of chosen configurations, over seeds.
-- One row per configuration, part and position. Mean, range and spread are over seeds with a finite value (finite counts
-- them).
-- $study VARCHAR: the study that measured it
-- $quantity VARCHAR: its name, see the table metrics
-- $parts VARCHAR[] = NULL: only these parts; NULL means all
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
SELECT network, dataset, preprocessing, init, activation, norm, depth, width, batch_size, optimizer, lr, steps, part, position,
       count(*) AS seeds, count(*) FILTER (isfinite(value)) AS finite,
       avg(value) FILTER (isfinite(value)) AS mean, min(value) FILTER (isfinite(value)) AS low,
       max(value) FILTER (isfinite(value)) AS high,
       coalesce(stddev_samp(value) FILTER (isfinite(value)), 0) AS spread
FROM quantities
WHERE study = $study AND quantity = $quantity AND ($parts IS NULL OR list_contains($parts, part))
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
ORDER BY ALL
