-- One measured quantity of the first cell of a study: nothing averaged, for pictures of weights and the like.
-- $study VARCHAR: the study that measured it
-- $quantity VARCHAR: its name, see the table metrics
SELECT part, position, value
FROM quantities
WHERE study = $study AND quantity = $quantity
  AND cell_id = (SELECT cell_id FROM quantities WHERE study = $study AND quantity = $quantity
                 ORDER BY seed, cell_id LIMIT 1)
ORDER BY part, position
