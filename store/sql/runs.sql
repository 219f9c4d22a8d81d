-- Every call of the engine, the latest first.
-- With how many of the cells that are in the file now it computed.
SELECT runs.run_id, grid, status, started_at, ended_at, seconds, device, device_name, cells_total, cells_cached,
       cells_computed, cells_diverged, cells_failed, count(cells.cell_id) AS cells_kept, code_version, torch_version,
       host, command
FROM runs LEFT JOIN (SELECT run_id, cell_id FROM cells) AS cells ON cells.run_id = runs.run_id
GROUP BY ALL
ORDER BY started_at DESC NULLS LAST, runs.run_id
