-- What mean-field theory says of one network, layer by layer: lengths, gradients and correlations in infinitely wide layers.
-- q is the variance of the pre-activations, before any normalization, for N(0,1) inputs; std that of the activations; chi
-- what multiplies the squared gradient on its way back through the layer; gradient its root mean square, relative to that
-- at the last layer. unlike and alike are the correlations of the pre-activations of two inputs, from $unlike_start
-- and $alike_start on; NULL behind a batch norm, where they depend on the rest of the batch, and for activations of plugins. Expectations are interpolated between the rows of mean_field_maps.
-- $activation VARCHAR = 'tanh': activation function
-- $normalizes VARCHAR = 'nothing': what a normalization goes over: nothing, units (of each example) or batch (a large one)
-- $eps DOUBLE = 1e-5: what a normalization adds to the variance; above 0
-- $sigma_w DOUBLE = 1.5: standard deviation of the weights times the root of fan-in; above 0
-- $sigma_b DOUBLE = 0.1: standard deviation of the biases
-- $depth INTEGER = 30: hidden layers
-- $unlike_start DOUBLE = 0.0: correlation of two inputs, from 0 to 1
-- $alike_start DOUBLE = 0.9: correlation of two inputs that are nearly alike
WITH RECURSIVE maps AS (
    SELECT log_q[1] AS low, log_q[2] - log_q[1] AS step, len(log_q) AS count,
           -- Positive quantities follow powers of q: their logarithms are all but straight lines.
           list_transform(length, lambda one: ln(one)) AS lengths, list_transform(slope, lambda one: ln(one)) AS slopes,
           list_transform(variance, lambda one: ln(one)) AS variances, correlations,
           [1, -9, 36, -84, 126, -126, 84, -36, 9, -1] AS binomials,
           -- A hair below, so that no correlation lies on one of them exactly.
           list_transform(range(25), lambda j: (1 - cos(pi() * j / 24)) * pi() / 4 - 1e-15) AS angles,
           list_transform(range(25), lambda j: (1 - 2 * (j % 2)) * CASE WHEN j IN (0, 24) THEN 0.5 ELSE 1 END) AS signs
    FROM activation_maps
    WHERE activation = $activation
), layers AS (
    SELECT 1 AS layer, $sigma_w ** 2 + CASE WHEN $normalizes = 'batch' THEN 0 ELSE $sigma_b ** 2 END AS q,
           CASE WHEN $normalizes <> 'batch' AND len(correlations) > 0
               THEN ($sigma_w ** 2 * $unlike_start + $sigma_b ** 2) / ($sigma_w ** 2 + $sigma_b ** 2) END AS unlike,
           CASE WHEN $normalizes <> 'batch' AND len(correlations) > 0
               THEN ($sigma_w ** 2 * $alike_start + $sigma_b ** 2) / ($sigma_w ** 2 + $sigma_b ** 2) END AS alike
    FROM maps
  UNION ALL
    SELECT layer + 1,
           CASE WHEN $normalizes = 'batch' THEN $sigma_w ** 2 * spread ELSE reach + $sigma_b ** 2 END,
           CASE WHEN unlike IS NOT NULL
               THEN least((reach * @overlap(unlike) + $sigma_b ** 2) / (reach + $sigma_b ** 2), 1) END,
           CASE WHEN alike IS NOT NULL
               THEN least((reach * @overlap(alike) + $sigma_b ** 2) / (reach + $sigma_b ** 2), 1) END
    FROM @mean_field_step(layers)
    WHERE layer < $depth
), judged AS (
    SELECT layer, q, sqrt(spread) AS std, unlike, alike,
           $sigma_w ** 2 * steepness * CASE WHEN $normalizes = 'nothing' THEN 1 ELSE 1 / (q + $eps) END AS chi
    FROM @mean_field_step(layers)
)
SELECT layer, q, std, chi, exp(coalesce(sum(ln(chi) / 2) OVER later, 0)) AS gradient, unlike, alike
FROM judged
WINDOW later AS (ORDER BY layer ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING)
ORDER BY layer
