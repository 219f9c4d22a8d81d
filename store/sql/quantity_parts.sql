-- The parts on which a study measured a quantity.
-- $study VARCHAR: name of the study
-- $quantity VARCHAR: the quantity
SELECT part, count(*) AS numbers, count(position) AS positions
FROM quantities
WHERE study = $study AND quantity = $quantity
GROUP BY part
ORDER BY part
