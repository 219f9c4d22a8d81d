-- Each histogram counts every value once: batch size times width in a multilayer perceptron, elsewhere as many in each tap.
WITH totals AS (
    SELECT cell_id, layer, tap, coalesce(list_sum(counts), 0) + underflow + overflow + nonfinite AS counted
    FROM layer_histograms
)
SELECT cell_id, layer, tap, counted, batch_size * width AS required
FROM totals JOIN cells USING (cell_id)
WHERE study = 'propagation' AND network = 'mlp' AND counted <> batch_size * width
UNION ALL
SELECT cell_id, layer, arg_max(tap, counted), max(counted), min(counted)
FROM totals
GROUP BY cell_id, layer
HAVING max(counted) <> min(counted) OR max(counted) = 0
