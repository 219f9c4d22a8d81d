-- Each propagation cell that did not fail has statistics of every one of its layers.
SELECT cell_id, depth, count(layer) AS layers, min(layer) AS first_layer, max(layer) AS last_layer
FROM cells LEFT JOIN layers USING (cell_id)
WHERE study = 'propagation' AND status <> 'failed'
GROUP BY ALL
HAVING layers <> depth OR first_layer <> 1 OR last_layer <> depth
