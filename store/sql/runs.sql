-- Every run of the engine, the latest first.
-- Includes how many of the cells that are now in the file it computed, and the state of its batches.
SELECT runs.run_id, grid, status, started_at, ended_at, seconds, device, device_name, cells_total, cells_cached,
       cells_computed, cells_diverged, cells_failed, coalesce(cells_kept, 0) AS cells_kept, batches_total,
       coalesce(batches_done, 0) AS batches_done, batches_running, coalesce(batches_failed, 0) AS batches_failed,
       code_version, torch_version, host, command
FROM runs LEFT JOIN (
    SELECT run_id, count(*) AS cells_kept,
           count(DISTINCT batch) FILTER (cells.status <> 'failed') AS batches_done,
           count(DISTINCT batch) FILTER (cells.status = 'failed') AS batches_failed
    FROM cells GROUP BY run_id
) USING (run_id)
ORDER BY started_at DESC NULLS LAST, runs.run_id
