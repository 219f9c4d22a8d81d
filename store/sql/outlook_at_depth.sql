-- What mean-field theory expects of untrained networks at any depth: do signal and gradient survive?
-- One row per initialization, normalization and width of the untrained networks of the store that theory knows, of several
-- depths the deepest. forward is log10 of the last layer's standard deviation over the first one's, backward log10 of the
-- first layer's gradient over the last one's, at $depth layers. Up to the depth of the stored theory they are read off it.
-- Beyond, the logarithm of the factor per layer goes on as that of the last layer, or falls like a power of the depth where it
-- fell so over the deeper half (at the edge of chaos). doubt is by how many decades networks of $target_width units stray from
-- that of infinite width: by x + 2√x in natural logarithms, their bias and twice their scatter. x is scatter·depth/width, with
-- the scatter that the bands of the stored theory have for this activation and these weights, per layer and unit, but not
-- less than was simulated. Where these end before the last layer, networks do not stray in proportion.
-- outlook is will explode or will vanish where the larger of both factors is beyond the threshold of a total factor by more than
-- that, survives where both are within by more than that, and unknown in between.
-- $activation VARCHAR = 'relu': activation function
-- $depth INTEGER = 100: hidden layers
-- $target_width INTEGER = 64: units per layer
-- $network VARCHAR = 'mlp': kind of network
-- $unlike DOUBLE = 0.5: least scatter where the gradient explodes: examples become unlike, and theirs is averaged
-- $usual DOUBLE = 1.25: least scatter of all others, and that of networks without bands: that of ReLU
-- $bent DOUBLE = 12: scatter where networks do not stray in proportion
WITH described AS (
    SELECT init, norm, width, depth, batch_size, dataset, preprocessing, layer, avg(theory_std::DOUBLE) AS std,
           avg(theory_grad_rms::DOUBLE) AS gradient, avg(theory_std_band) FILTER (isfinite(theory_std_band)) AS std_band,
           avg(theory_grad_band) FILTER (isfinite(theory_grad_band)) AS gradient_band, any_value(sigma_w) AS sigma_w
    FROM layers JOIN cells USING (cell_id)
    WHERE study = 'propagation' AND network = $network AND activation = $activation AND depth >= 4
    GROUP BY ALL
), logarithms AS (
    SELECT * EXCLUDE (std, gradient), CASE WHEN std > 0 AND isfinite(std) THEN log10(std) END AS std,
           CASE WHEN gradient > 0 AND isfinite(gradient) THEN log10(gradient) END AS gradient
    FROM described
), ends AS (
    SELECT init, norm, width, depth, batch_size, dataset, preprocessing, max(sigma_w) FILTER (layer = depth) AS sigma_w,
           max(std) FILTER (layer = least($depth, depth)) - max(std) FILTER (layer = 1)           AS forward_within,
           max(gradient) FILTER (layer = 1) - max(gradient) FILTER (layer = least($depth, depth)) AS backward_within,
           max(std) FILTER (layer = depth) - max(std) FILTER (layer = depth - 1)                  AS forward_last,
           max(gradient) FILTER (layer = depth - 1) - max(gradient) FILTER (layer = depth)        AS backward_last,
           max(std) FILTER (layer = depth // 2) - max(std) FILTER (layer = depth // 2 - 1)        AS forward_half,
           max(gradient) FILTER (layer = depth // 2 - 1) - max(gradient) FILTER (layer = depth // 2) AS backward_half,
           pow(max(std_band) FILTER (layer = depth), 2) * width / depth   AS forward_scatter,
           pow(max(gradient_band) FILTER (layer = 1), 2) * width / depth  AS backward_scatter,
           count(std_band) > 0                                            AS banded
    FROM logarithms
    GROUP BY init, norm, width, depth, batch_size, dataset, preprocessing
    HAVING count(std) = depth AND count(gradient) = depth
    QUALIFY row_number() OVER (PARTITION BY init, norm, width
                               ORDER BY depth DESC, dataset = 'gaussian' DESC, batch_size DESC, dataset, preprocessing) = 1
), powers AS (
    -- The factor per layer goes like layer^-power; 0 where it does not fall.
    SELECT *, greatest($depth / depth, 1) AS times,
           @falling_power(forward_half, forward_last) AS forward_power,
           @falling_power(backward_half, backward_last) AS backward_power
    FROM ends
), factors AS (
    SELECT *, forward_within + forward_last * depth * @power_sum(forward_power, times) AS forward,
           backward_within + backward_last * depth * @power_sum(backward_power, times) AS backward,
           $depth / $target_width * CASE WHEN NOT banded THEN $usual
                                         WHEN forward_scatter IS NULL OR backward_scatter IS NULL THEN $bent
                                         WHEN backward > big THEN greatest($unlike, forward_scatter, backward_scatter)
                                         ELSE greatest($usual, forward_scatter, backward_scatter) END AS strayed,
           (strayed + 2 * sqrt(strayed)) / ln(10) AS doubt, big, small
    FROM powers, (SELECT log10(max(value) FILTER (name = 'factor_too_big')) AS big,
                         log10(max(value) FILTER (name = 'factor_too_small')) AS small FROM thresholds)
)
SELECT init, norm, width, sigma_w, depth, batch_size, dataset, preprocessing, forward, backward, doubt,
       CASE WHEN greatest(forward, backward) - doubt > big AND greatest(forward, backward) >= -least(forward, backward)
                THEN 'will explode'
            WHEN least(forward, backward) + doubt < small THEN 'will vanish'
            WHEN greatest(forward, backward) - doubt > big THEN 'will explode'
            WHEN greatest(forward, backward) + doubt < big AND least(forward, backward) - doubt > small THEN 'survives'
            ELSE 'unknown' END AS outlook
FROM factors
ORDER BY norm, init, width
