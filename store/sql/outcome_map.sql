-- How training ended along two axes: the table behind a heat map.
-- One row per pair of values. Seeds of a configuration are averaged first; where several configurations fall on one
-- pair, $over says whether their mean is shown or the one with the highest test accuracy.
-- $x VARCHAR = 'depth': axis of the columns
-- $y VARCHAR = 'init': axis of the rows
-- $over VARCHAR = 'mean': mean or best
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
WITH per_configuration AS (
    SELECT network, dataset, preprocessing, init, activation, norm, depth, width, batch_size, optimizer, lr, steps,
           CASE $x WHEN 'network' THEN network WHEN 'dataset' THEN dataset
                   WHEN 'preprocessing' THEN preprocessing WHEN 'init' THEN init WHEN 'activation' THEN activation
                   WHEN 'norm' THEN norm WHEN 'depth' THEN depth::VARCHAR WHEN 'width' THEN width::VARCHAR
                   WHEN 'batch_size' THEN batch_size::VARCHAR WHEN 'optimizer' THEN optimizer
                   WHEN 'lr' THEN lr::VARCHAR WHEN 'steps' THEN steps::VARCHAR END AS x,
           CASE $y WHEN 'network' THEN network WHEN 'dataset' THEN dataset
                   WHEN 'preprocessing' THEN preprocessing WHEN 'init' THEN init WHEN 'activation' THEN activation
                   WHEN 'norm' THEN norm WHEN 'depth' THEN depth::VARCHAR WHEN 'width' THEN width::VARCHAR
                   WHEN 'batch_size' THEN batch_size::VARCHAR WHEN 'optimizer' THEN optimizer
                   WHEN 'lr' THEN lr::VARCHAR WHEN 'steps' THEN steps::VARCHAR END AS y,
           count(*) AS seeds, count(*) FILTER (diverged) / count(*) AS share_diverged,
           count(steps_to_90) / count(*) AS share_that_train, median(steps_to_90) AS steps_to_90,
           avg(final_test_accuracy) FILTER (isfinite(final_test_accuracy)) AS final_test_accuracy,
           avg(best_test_accuracy) AS best_test_accuracy,
           avg(final_train_loss) FILTER (isfinite(final_train_loss)) AS final_train_loss,
           avg(final_train_accuracy - final_test_accuracy)
               FILTER (isfinite(final_train_accuracy - final_test_accuracy)) AS gap
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
), chosen AS (
    SELECT * FROM per_configuration
    QUALIFY $over = 'mean'
         OR row_number() OVER (PARTITION BY x, y ORDER BY coalesce(final_test_accuracy, -1) DESC, lr, network,
                                               dataset, preprocessing, init, activation, norm, depth, width, batch_size,
                                               optimizer, steps) = 1
)
SELECT x, y, count(*) AS configurations, sum(seeds)::INTEGER AS seeds, avg(share_diverged) AS share_diverged,
       avg(share_that_train) AS share_that_train, avg(steps_to_90) AS steps_to_90,
       avg(final_test_accuracy) AS final_test_accuracy, avg(best_test_accuracy) AS best_test_accuracy,
       avg(final_train_loss) AS final_train_loss, avg(gap) AS gap, min(lr) AS lr
FROM chosen
GROUP BY x, y
ORDER BY x, y
