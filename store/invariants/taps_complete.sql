-- Each layer of a propagation cell has one histogram of each of the three taps.
SELECT cell_id, layer, count(tap) AS histograms
FROM layers LEFT JOIN layer_histograms USING (cell_id, layer)
GROUP BY ALL
HAVING count(tap) <> 3 OR count(DISTINCT tap) <> 3
