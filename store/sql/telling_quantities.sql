-- Which quantities of each study differ most from cell to cell: the first is one to look at first.
-- One row per study and quantity. What was only set, and not found, has few different values among many.
SELECT study, quantity, count(*) AS numbers, count(DISTINCT value) AS different, different / numbers AS share_different
FROM measurements JOIN axes USING (cell_id)
WHERE isfinite(value)
GROUP BY study, quantity
ORDER BY study, share_different DESC, quantity
