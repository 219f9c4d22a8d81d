-- No row is stored twice.
SELECT 'cells' AS place, cell_id AS row_name, count(*) AS times FROM cells GROUP BY ALL HAVING times > 1
UNION ALL
SELECT 'layers', cell_id || ' layer ' || layer, count(*) AS times FROM layers GROUP BY cell_id, layer HAVING times > 1
UNION ALL
SELECT 'layer_histograms', cell_id || ' layer ' || layer || ' ' || tap, count(*) AS times
FROM layer_histograms GROUP BY cell_id, layer, tap HAVING times > 1
UNION ALL
SELECT 'curves', cell_id || ' step ' || step, count(*) AS times FROM curves GROUP BY cell_id, step HAVING times > 1
UNION ALL
SELECT 'measurements', concat_ws(' ', cell_id, quantity, part, position), count(*) AS times
FROM measurements GROUP BY cell_id, quantity, part, position HAVING times > 1
UNION ALL
SELECT 'diagnoses', cell_id, count(*) AS times FROM diagnoses GROUP BY cell_id HAVING times > 1
UNION ALL
SELECT 'sites', concat_ws(' ', cell_id, site), count(*) AS times FROM sites GROUP BY cell_id, site HAVING times > 1
UNION ALL
SELECT 'sites', concat_ws(' ', cell_id, label), count(*) AS times FROM sites GROUP BY cell_id, label HAVING times > 1
UNION ALL
SELECT 'taps', concat_ws(' ', cell_id, site), count(*) AS times FROM taps GROUP BY cell_id, site HAVING times > 1
UNION ALL
SELECT 'parameters', concat_ws(' ', cell_id, parameter), count(*) AS times
FROM parameters GROUP BY cell_id, parameter HAVING times > 1
UNION ALL
SELECT 'findings', concat_ws(' ', cell_id, rule, place, threshold), count(*) AS times
FROM findings GROUP BY cell_id, rule, place, threshold HAVING times > 1
UNION ALL
SELECT 'metrics', name, count(*) AS times FROM metrics GROUP BY name HAVING times > 1
UNION ALL
SELECT 'runs', run_id, count(*) AS times FROM runs GROUP BY ALL HAVING times > 1
UNION ALL
SELECT 'workers', run_id || ' ' || worker, count(*) AS times FROM workers GROUP BY run_id, worker HAVING times > 1
UNION ALL
SELECT 'schemes', kind || ' ' || name, count(*) AS times FROM schemes GROUP BY kind, name HAVING times > 1
UNION ALL
SELECT 'journal_entries', entry, count(*) AS times FROM journal_entries GROUP BY ALL HAVING times > 1
