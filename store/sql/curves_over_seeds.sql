-- One training curve of chosen configurations, over seeds.
-- One row per configuration and logged step. Mean, range and spread are over the seeds whose value is finite at that
-- step (finite counts them); diverged counts the seeds that had met a non-finite loss by then.
-- $metric VARCHAR = 'test_accuracy': train_loss, train_accuracy, test_loss, test_accuracy, grad_norm or update_ratio
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
WITH chosen AS (
    SELECT step, diverged_at_step, network, dataset, preprocessing, init, activation, norm, depth, width, batch_size, optimizer, lr, steps,
           CASE $metric WHEN 'train_loss' THEN train_loss WHEN 'train_accuracy' THEN train_accuracy
                        WHEN 'test_loss' THEN test_loss WHEN 'test_accuracy' THEN test_accuracy
                        WHEN 'grad_norm' THEN grad_norm WHEN 'update_ratio' THEN update_ratio END AS value
    FROM curves JOIN cells USING (cell_id)
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
)
SELECT network, dataset, preprocessing, init, activation, norm, depth, width, batch_size, optimizer, lr, steps, step,
       count(*) AS seeds, count(*) FILTER (diverged_at_step <= step) AS diverged,
       count(*) FILTER (isfinite(value)) AS finite,
       avg(value) FILTER (isfinite(value)) AS mean, min(value) FILTER (isfinite(value)) AS low,
       max(value) FILTER (isfinite(value)) AS high,
       coalesce(stddev_samp(value::DOUBLE) FILTER (isfinite(value)), 0) AS spread
FROM chosen
GROUP BY ALL
ORDER BY ALL
