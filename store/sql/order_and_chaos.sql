-- The plane of weight and bias variance: fixed points and depth scales, in theory and in simulated networks.
-- One row per point and kind of network, averaged over seeds; measured columns are NULL where no networks were simulated, and infinite depth
-- scales (on the edge itself) are left out of the averages. q_star is the fixed point that networks come to from q_first;
-- attracting, half_stable and repelling list all of them, infinity where the variance grows without bound, and any_q says
-- that every q is one. depth_c and c_star are NULL where there is no c* to come to: where q_star is 0 or infinite, and where
-- layers keep every correlation. With a normalization over the units of each example q is what it is before it.
-- depth_c_measured is a geometric mean with its 95 % interval. In chaos it is NULL with fewer than three seeds: a single
-- network says little about it.
-- $activation VARCHAR = 'tanh': activation function
WITH points AS (
    SELECT cell_id, init, network, dataset, preprocessing, norm, depth, width, batch_size, study_axes, seed,
           round(max(value) FILTER (quantity = 'weight_variance'), 6)            AS weight_variance,
           round(max(value) FILTER (quantity = 'bias_variance'), 6)              AS bias_variance,
           max(value) FILTER (quantity = 'q_first')                              AS q_first,
           max(value) FILTER (quantity = 'q_star' AND part = 'theory')           AS q_star,
           max(value) FILTER (quantity = 'q_star' AND part = 'measured')         AS q_star_measured,
           max(value) FILTER (quantity = 'alpha' AND part = 'theory')            AS alpha,
           max(value) FILTER (quantity = 'chi' AND part = 'theory')              AS chi,
           max(value) FILTER (quantity = 'chi' AND part = 'measured')            AS chi_measured,
           max(value) FILTER (quantity = 'depth_q' AND part = 'theory')          AS depth_q,
           max(value) FILTER (quantity = 'depth_c' AND part = 'theory')          AS depth_c,
           max(value) FILTER (quantity = 'c_star' AND part = 'theory')           AS c_star,
           max(value) FILTER (quantity = 'c_star' AND part = 'measured')         AS c_star_measured,
           list_sort(list(value) FILTER (quantity = 'fixed_point' AND part = 'attracts'))        AS attracting,
           list_sort(list(value) FILTER (quantity = 'fixed_point' AND part LIKE 'attracts from %')) AS half_stable,
           list_sort(list(value) FILTER (quantity = 'fixed_point' AND part = 'repels'))          AS repelling,
           count(*) FILTER (quantity = 'fixed_point' AND part LIKE 'every %') > 0                AS any_q,
           max(ln(value)) FILTER (quantity = 'depth_c' AND part = 'measured' AND isfinite(value) AND value > 0) AS log_depth
    FROM quantities
    WHERE study = 'mean_field' AND activation = $activation
    GROUP BY ALL
), summary AS (
    SELECT weight_variance, bias_variance, network, dataset, preprocessing, norm, depth, width, batch_size, study_axes,
           list_sort(list(DISTINCT init)) AS inits, count(DISTINCT seed) AS seeds,
           any_value(q_first) AS q_first, any_value(q_star) AS q_star, any_value(alpha) AS alpha, any_value(chi) AS chi,
           any_value(depth_q) AS depth_q,
           any_value(depth_c) FILTER (q_star > 0 AND isfinite(q_star)) AS depth_c,
           any_value(c_star) FILTER (q_star > 0 AND isfinite(q_star)) AS c_star,
           any_value(attracting) AS attracting, any_value(half_stable) AS half_stable,
           any_value(repelling) AS repelling, bool_or(any_q) AS any_q,
           avg(q_star_measured) FILTER (isfinite(q_star_measured)) AS q_star_measured,
           avg(chi_measured) FILTER (isfinite(chi_measured)) AS chi_measured,
           avg(c_star_measured) FILTER (isfinite(c_star_measured)) AS c_star_measured,
           count(log_depth) AS depths, avg(log_depth) AS center, @margin(log_depth) AS margin
    FROM points
    GROUP BY weight_variance, bias_variance, network, dataset, preprocessing, norm, depth, width, batch_size, study_axes
)
SELECT * EXCLUDE (depths, center, margin),
       CASE WHEN depths >= 3 OR chi <= 1 THEN exp(center) END          AS depth_c_measured,
       CASE WHEN depths >= 3 OR chi <= 1 THEN exp(center - margin) END AS depth_c_low,
       CASE WHEN depths >= 3 OR chi <= 1 THEN exp(center + margin) END AS depth_c_high
FROM summary
ORDER BY bias_variance, weight_variance, network, dataset, preprocessing, norm, depth, width, batch_size, @in_order
