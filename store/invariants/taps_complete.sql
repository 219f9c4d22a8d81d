-- Each layer of a propagation cell has a histogram of each of the three taps, and no histogram is of a layer beyond the depth.
SELECT cell_id, layer, count(tap) AS histograms
FROM layers JOIN cells USING (cell_id) LEFT JOIN layer_histograms USING (cell_id, layer)
WHERE study = 'propagation'
GROUP BY cell_id, layer
HAVING count(DISTINCT tap) <> 3
UNION ALL
SELECT cell_id, layer, 1
FROM layer_histograms JOIN cells USING (cell_id)
WHERE layer NOT BETWEEN 1 AND depth
