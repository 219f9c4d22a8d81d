-- Untrained networks by their place in the plane of σw and σb, with what was measured of them layer by layer.
-- One row per network with independent Gaussian inputs, averaged over seeds; the lists go from the first layer to the last, with NULL
-- where nothing finite was measured. q is the variance of the pre-activations, before any normalization; std that of the
-- activations; gradient the root mean square for a unit gradient on the last layer; unlike and alike are correlations of
-- two inputs that start out independent, or nearly alike. Where an initialization does not say its biases, sigma_b is what
-- the variance of the first layer exceeds σw² by, without normalization, where that is more than $noise of it.
-- $activation VARCHAR = 'tanh': activation function
-- $norm VARCHAR = 'none': family of the normalization, without parameters
-- $noise DOUBLE = 0.05: share of the variance of the first layer that may be chance
WITH chosen AS (
    SELECT cell_id, study, init, preprocessing, norm, width, depth, batch_size, study_axes, seed,
           split_part(norm, '(', 1) = $norm AS shown
    FROM cells
    WHERE study IN ('propagation', 'mean_field') AND status = 'done' AND network = 'mlp' AND dataset = 'gaussian'
          AND activation = $activation AND split_part(norm, '(', 1) IN ($norm, 'none')
), firsts AS (
    SELECT init, preprocessing, width, depth, batch_size, study_axes, avg(preact_std::DOUBLE ** 2) AS first,
           avg(sigma_w::DOUBLE ** 2) AS weight
    FROM layers JOIN chosen USING (cell_id)
    WHERE study = 'propagation' AND norm = 'none' AND layer = 1 AND isfinite(preact_std) AND isfinite(sigma_w)
    GROUP BY init, preprocessing, width, depth, batch_size, study_axes
), propagated AS (
    SELECT study, init, preprocessing, norm, width, depth, batch_size, study_axes, layer, count(*) AS seeds, avg(sigma_w::DOUBLE) AS sigma_w,
           avg(preact_std::DOUBLE ** 2) FILTER (norm = 'none' AND isfinite(preact_std)) AS q,
           avg(std::DOUBLE) FILTER (isfinite(std)) AS std, avg(grad_rms::DOUBLE) FILTER (isfinite(grad_rms)) AS gradient
    FROM layers JOIN chosen USING (cell_id)
    WHERE shown AND study = 'propagation'
    GROUP BY ALL
), simulated AS (
    SELECT study, init, preprocessing, norm, width, depth, batch_size, study_axes, position::INTEGER AS layer, count(DISTINCT seed) AS seeds,
           avg(value) FILTER (quantity = 'length' AND isfinite(value)) AS q,
           avg(value) FILTER (part LIKE '%, unlike inputs' AND isfinite(value)) AS unlike,
           avg(value) FILTER (part LIKE '%, alike inputs' AND isfinite(value)) AS alike
    FROM measurements JOIN chosen USING (cell_id)
    WHERE shown AND study = 'mean_field' AND part LIKE 'measured%' AND quantity IN ('length', 'correlation')
    GROUP BY study, init, preprocessing, norm, width, depth, batch_size, study_axes, layer
), places AS (
    SELECT init, preprocessing, norm, width, depth, batch_size, study_axes, sqrt(max(value) FILTER (quantity = 'weight_variance')) AS sigma_w,
           sqrt(max(value) FILTER (quantity = 'bias_variance')) AS sigma_b
    FROM measurements JOIN chosen USING (cell_id)
    WHERE shown AND study = 'mean_field'
    GROUP BY ALL
)
SELECT study, init, preprocessing, norm, width, depth, batch_size, study_axes, max(seeds) AS seeds, arg_max(sigma_w, layer) AS sigma_w,
       coalesce(any_value(CASE WHEN first - weight > $noise * first THEN sqrt(first - weight) END), 0) AS sigma_b,
       list(q ORDER BY layer) AS q, list(std ORDER BY layer) AS std, list(gradient ORDER BY layer) AS gradient,
       NULL::DOUBLE[] AS unlike, NULL::DOUBLE[] AS alike
FROM propagated LEFT JOIN firsts USING (init, preprocessing, width, depth, batch_size, study_axes)
WHERE isfinite(sigma_w)
GROUP BY study, init, preprocessing, norm, width, depth, batch_size, study_axes
UNION ALL
SELECT study, init, preprocessing, norm, width, depth, batch_size, study_axes, max(seeds), any_value(sigma_w), any_value(sigma_b),
       list(q ORDER BY layer), NULL, NULL, list(unlike ORDER BY layer), list(alike ORDER BY layer)
FROM simulated JOIN places USING (init, preprocessing, norm, width, depth, batch_size, study_axes)
GROUP BY study, init, preprocessing, norm, width, depth, batch_size, study_axes
ORDER BY study, init, preprocessing, norm, width, depth, batch_size, @in_order
