-- The plane of weight and bias variance: fixed points and depth scales, in theory and in simulated networks.
-- One row per point, averaged over seeds; measured columns are NULL where no networks were simulated, and infinite depth
-- scales (on the edge itself) are left out of the averages.
-- $activation VARCHAR = 'tanh': activation function
WITH points AS (
    SELECT cell_id, init, width, seed,
           round(max(value) FILTER (quantity = 'weight_variance'), 6)            AS weight_variance,
           round(max(value) FILTER (quantity = 'bias_variance'), 6)              AS bias_variance,
           max(value) FILTER (quantity = 'q_star' AND part = 'theory')           AS q_star,
           max(value) FILTER (quantity = 'q_star' AND part = 'measured')         AS q_star_measured,
           max(value) FILTER (quantity = 'chi' AND part = 'theory')              AS chi,
           max(value) FILTER (quantity = 'chi' AND part = 'measured')            AS chi_measured,
           max(value) FILTER (quantity = 'depth_q' AND part = 'theory')          AS depth_q,
           max(value) FILTER (quantity = 'depth_c' AND part = 'theory')          AS depth_c,
           max(value) FILTER (quantity = 'depth_c' AND part = 'measured')        AS depth_c_measured,
           max(value) FILTER (quantity = 'c_star' AND part = 'theory')           AS c_star,
           max(value) FILTER (quantity = 'c_star' AND part = 'measured')         AS c_star_measured
    FROM quantities
    WHERE study = 'mean_field' AND activation = $activation
    GROUP BY cell_id, init, width, seed
)
SELECT weight_variance, bias_variance, list_sort(list(DISTINCT init)) AS inits, count(DISTINCT seed) AS seeds,
       any_value(q_star) AS q_star, any_value(chi) AS chi, any_value(depth_q) AS depth_q, any_value(depth_c) AS depth_c,
       any_value(c_star) AS c_star,
       avg(q_star_measured) FILTER (isfinite(q_star_measured)) AS q_star_measured,
       avg(chi_measured) FILTER (isfinite(chi_measured)) AS chi_measured,
       avg(depth_c_measured) FILTER (isfinite(depth_c_measured)) AS depth_c_measured,
       avg(c_star_measured) FILTER (isfinite(c_star_measured)) AS c_star_measured
FROM points
GROUP BY weight_variance, bias_variance
ORDER BY bias_variance, weight_variance
