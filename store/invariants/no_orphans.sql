-- Every result belongs to a cell, every cell to a run, and to a worker of it where it names one.
SELECT 'layers' AS place, cell_id FROM layers ANTI JOIN cells USING (cell_id)
UNION ALL
SELECT 'layer_histograms', cell_id FROM layer_histograms ANTI JOIN cells USING (cell_id)
UNION ALL
SELECT 'curves', cell_id FROM curves ANTI JOIN cells USING (cell_id)
UNION ALL
SELECT 'measurements', cell_id FROM measurements ANTI JOIN cells USING (cell_id)
UNION ALL
SELECT 'diagnoses', cell_id FROM diagnoses ANTI JOIN cells USING (cell_id)
UNION ALL
SELECT 'sites', cell_id FROM sites ANTI JOIN cells USING (cell_id)
UNION ALL
SELECT 'taps', cell_id FROM taps ANTI JOIN cells USING (cell_id)
UNION ALL
SELECT 'parameters', cell_id FROM parameters ANTI JOIN cells USING (cell_id)
UNION ALL
SELECT 'findings', cell_id FROM findings ANTI JOIN cells USING (cell_id)
UNION ALL
SELECT 'cells, run ' || run_id, cell_id FROM cells ANTI JOIN runs USING (run_id)
UNION ALL
SELECT 'workers, run ' || run_id, worker FROM workers ANTI JOIN runs USING (run_id)
UNION ALL
SELECT 'cells, worker ' || worker, cell_id
FROM cells ANTI JOIN workers USING (run_id, worker)
WHERE worker IS NOT NULL
