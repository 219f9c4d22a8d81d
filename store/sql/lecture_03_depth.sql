-- L3, depth: small Gaussian weights work in shallow networks and fail in deep ones.
-- One row per activation and depth of networks that begin with $init: test accuracy at the end of training (mean and
-- range over seeds), share of the seeds that train (`outcomes.trains`), and, before training, the standard deviation of the last
-- layer and the gradient of the first layer divided by that of the last; NULL where that was not measured.
-- $init VARCHAR = 'normal(std=0.05)': initialization
-- $dataset VARCHAR = 'digits': where the examples come from
-- $width INTEGER = 64: units per layer
-- $batch_size INTEGER = 64: examples per minibatch
-- $steps INTEGER = 200: number of updates
-- $lr DOUBLE = 0.1: learning rate
WITH ends AS (
    SELECT cell_id, activation, depth, max(std) FILTER (layer = depth) AS last_std,
           max(grad_rms) FILTER (layer = 1) / nullif(max(grad_rms) FILTER (layer = depth), 0) AS gradient_ratio
    FROM layers JOIN axes USING (cell_id)
    WHERE study = 'propagation' AND init = $init AND dataset = $dataset AND width = $width AND norm = 'none'
      AND network = 'mlp' AND preprocessing = 'standardize' AND batch_size = $batch_size
    GROUP BY ALL
), signal AS (
    SELECT activation, depth, avg(last_std) FILTER (isfinite(last_std)) AS last_std,
           avg(gradient_ratio) FILTER (isfinite(gradient_ratio)) AS gradient_ratio
    FROM ends
    GROUP BY ALL
)
SELECT activation, depth, count(*) AS seeds,
       @over_seeds(final_test_accuracy, accuracy),
       avg(trains::INTEGER) AS share_that_train,
       any_value(last_std) AS last_std, any_value(gradient_ratio) AS gradient_ratio
FROM outcomes LEFT JOIN signal USING (activation, depth)
WHERE study = 'training' AND network = 'mlp' AND norm = 'none' AND init = $init AND dataset = $dataset
  AND preprocessing = 'standardize' AND width = $width AND lr = $lr AND optimizer = 'sgd'
  AND batch_size = $batch_size AND steps = $steps
GROUP BY activation, depth
ORDER BY activation, depth
