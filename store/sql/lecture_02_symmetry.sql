-- L2, symmetry: how many different units does a layer have, and does training change anything?
-- One row per configuration of networks with $depth hidden layers. Distinct units: fewest and most in
-- any layer of any seed, before and after training. First layer: norm of its gradient before training and of its
-- weights' change, means over seeds, and the largest change of any layer and seed. Test accuracy before training: mean over seeds; after it:
-- mean and range. What is not finite is left out of means and of the accuracy's range.
-- $depth INTEGER = 1: hidden layers
-- $norm VARCHAR = 'none': normalization
-- $dataset VARCHAR = 'digits': where the examples come from
SELECT network, preprocessing, init, activation, width AS units, batch_size, optimizer, lr, steps, count(DISTINCT seed) AS seeds,
       min(value) FILTER (quantity = 'distinct_units' AND part = 'before') AS distinct_before_low,
       max(value) FILTER (quantity = 'distinct_units' AND part = 'before') AS distinct_before_high,
       min(value) FILTER (quantity = 'distinct_units' AND part = 'after') AS distinct_after_low,
       max(value) FILTER (quantity = 'distinct_units' AND part = 'after') AS distinct_after_high,
       max(value) FILTER (quantity = 'distinct_gradients' AND part = 'before') AS distinct_gradients,
       avg(value) FILTER (quantity = 'layer_gradient_norm' AND part = 'before' AND position = 1 AND isfinite(value)) AS gradient_norm,
       avg(value) FILTER (quantity = 'weight_change' AND position = 1 AND isfinite(value)) AS weight_change,
       max(value) FILTER (quantity = 'weight_change' AND isfinite(value)) AS largest_change,
       avg(value) FILTER (quantity = 'share_correct' AND part = 'before' AND isfinite(value)) AS accuracy_before,
       avg(value) FILTER (quantity = 'share_correct' AND part = 'after' AND isfinite(value)) AS accuracy,
       min(value) FILTER (quantity = 'share_correct' AND part = 'after' AND isfinite(value)) AS accuracy_low,
       max(value) FILTER (quantity = 'share_correct' AND part = 'after' AND isfinite(value)) AS accuracy_high
FROM quantities
WHERE study = 'symmetry' AND depth = $depth AND norm = $norm AND dataset = $dataset
GROUP BY network, preprocessing, init, activation, width, batch_size, optimizer, lr, steps
ORDER BY init, activation, width, network, preprocessing, batch_size, optimizer, lr, steps
