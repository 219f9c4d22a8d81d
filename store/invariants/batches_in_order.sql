-- Each place in a batch belongs to one cell, and lies within the batch.
SELECT run_id, batch, batch_place, any_value(batch_cells) AS batch_cells, count(*) AS cells
FROM cells
WHERE batch IS NOT NULL
GROUP BY run_id, batch, batch_place
HAVING count(*) > 1 OR coalesce(batch_place NOT BETWEEN 0 AND any_value(batch_cells) - 1, true)
