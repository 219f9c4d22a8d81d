-- How signal and gradient of untrained networks grow along two axes: the table behind a heat map.
-- One row per pair of values. Rates are geometric means over seeds and over the configurations that fall on one pair;
-- a rate that is zero or not finite is left out and counted in lost. The verdict is the most frequent one.
-- $x VARCHAR = 'depth': axis of the columns
-- $y VARCHAR = 'init': axis of the rows
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
    SELECT CASE $x WHEN 'network' THEN network WHEN 'dataset' THEN dataset
                   WHEN 'preprocessing' THEN preprocessing WHEN 'init' THEN init WHEN 'activation' THEN activation
                   WHEN 'norm' THEN norm WHEN 'depth' THEN depth::VARCHAR WHEN 'width' THEN width::VARCHAR
                   WHEN 'batch_size' THEN batch_size::VARCHAR WHEN 'optimizer' THEN optimizer
                   WHEN 'lr' THEN lr::VARCHAR WHEN 'steps' THEN steps::VARCHAR END AS x,
           CASE $y WHEN 'network' THEN network WHEN 'dataset' THEN dataset
                   WHEN 'preprocessing' THEN preprocessing WHEN 'init' THEN init WHEN 'activation' THEN activation
                   WHEN 'norm' THEN norm WHEN 'depth' THEN depth::VARCHAR WHEN 'width' THEN width::VARCHAR
                   WHEN 'batch_size' THEN batch_size::VARCHAR WHEN 'optimizer' THEN optimizer
                   WHEN 'lr' THEN lr::VARCHAR WHEN 'steps' THEN steps::VARCHAR END AS y,
           forward_rate, backward_rate, verdict,
           coalesce(isfinite(forward_rate) AND isfinite(backward_rate) AND forward_rate > 0 AND backward_rate > 0,
                    false) AS sound
    FROM signal_rates
    WHERE study = 'propagation'
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
SELECT x, y, count(*) AS seeds, count(*) FILTER (NOT sound) AS lost,
       exp(avg(ln(CASE WHEN sound THEN forward_rate END))) AS forward_rate,
       exp(avg(ln(CASE WHEN sound THEN backward_rate END))) AS backward_rate,
       count(*) FILTER (verdict = 'diverged') / count(*) AS share_diverged,
       count(*) FILTER (verdict = 'just right') / count(*) AS share_just_right, mode(verdict ORDER BY verdict) AS verdict
FROM chosen
GROUP BY x, y
ORDER BY x, y
