-- How the signal travels: standard deviation of activations and gradient by layer.
-- One row per configuration and layer, averaged over seeds. Seeds with a NaN or infinite value are left out of the
-- averages and counted in left_out.
-- $activation VARCHAR = NULL: only this activation; NULL means all
-- $norm VARCHAR = NULL: only this normalization; NULL means all
SELECT network, dataset, preprocessing, init, activation, norm, depth, width, batch_size, layer,
       count(*)                                                      AS seeds,
       count(*) FILTER (NOT coalesce(isfinite(std) AND isfinite(grad_rms), false)) AS left_out,
       avg(std) FILTER (isfinite(std) AND isfinite(grad_rms))        AS std,
       stddev_samp(std::DOUBLE) FILTER (isfinite(std) AND isfinite(grad_rms)) AS std_spread,
       avg(theory_std) FILTER (isfinite(theory_std))                 AS theory_std,
       avg(grad_rms) FILTER (isfinite(std) AND isfinite(grad_rms))   AS grad_rms,
       avg(frac_saturated) FILTER (isfinite(frac_saturated))         AS frac_saturated
FROM activation_stats
JOIN (SELECT cell_id, layer, grad_rms FROM layers) USING (cell_id, layer)
WHERE study IN ('propagation', 'diagnosis') AND ($activation IS NULL OR activation = $activation) AND ($norm IS NULL OR norm = $norm)
GROUP BY ALL
ORDER BY network, dataset, preprocessing, activation, norm, init, depth, width, batch_size, layer
