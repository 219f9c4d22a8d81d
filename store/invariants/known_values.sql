-- Statuses, taps and quantities have one of the values listed in their comments.
SELECT 'cells.status' AS place, cell_id AS row_name, status AS found
FROM cells WHERE status NOT IN ('done', 'diverged', 'failed')
UNION ALL
SELECT 'runs.status', run_id, status
FROM runs WHERE status NOT IN ('running', 'done', 'failed', 'interrupted', 'killed')
UNION ALL
SELECT 'layer_histograms.tap', cell_id, tap
FROM layer_histograms WHERE tap NOT IN ('pre', 'act', 'grad')
UNION ALL
SELECT 'measurements.quantity', cell_id, quantity
FROM measurements ANTI JOIN (SELECT name AS quantity FROM metrics WHERE study IS NOT NULL) USING (quantity)
