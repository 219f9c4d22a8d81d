-- Each cell that has layers has every one of them once, and each propagation cell, and each diagnosis of a network with a stream, that did not fail has layers.
SELECT cell_id, depth, count(layer) AS layers, min(layer) AS first_layer, max(layer) AS last_layer
FROM cells LEFT JOIN layers USING (cell_id)
GROUP BY cell_id, study, status, depth
HAVING CASE WHEN layers = 0 THEN study IN ('propagation', 'diagnosis') AND status <> 'failed' AND depth > 0
            ELSE layers <> depth OR first_layer <> 1 OR last_layer <> depth END
