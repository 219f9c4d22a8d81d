-- The points of a cloud under each preprocessing: two coordinates each, of the first cell.
-- $study VARCHAR = 'preprocessing': the study that measured scatter_x and scatter_y
SELECT dataset, preprocessing, part, position,
       max(value) FILTER (quantity = 'scatter_x') AS x, max(value) FILTER (quantity = 'scatter_y') AS y
FROM quantities
WHERE study = $study AND quantity IN ('scatter_x', 'scatter_y')
  AND cell_id IN (SELECT arg_min(cell_id, (seed, cell_id)) FROM quantities
                  WHERE study = $study AND quantity = 'scatter_x' GROUP BY dataset, preprocessing)
GROUP BY dataset, preprocessing, part, position
ORDER BY dataset, preprocessing, part, position
