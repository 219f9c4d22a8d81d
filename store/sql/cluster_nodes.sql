-- What each node of a cluster did for each run, the latest first.
-- The rate is that of all workers of the node together while they computed; failed cells do not count.
SELECT run_id, started_at, node, min(workers.device_name) AS device_name, count(DISTINCT worker) AS workers,
       count(DISTINCT batch) FILTER (cells.status <> 'failed') AS batches_done,
       count(DISTINCT batch) FILTER (cells.status = 'failed') AS batches_failed,
       count(*) FILTER (cells.status <> 'failed') AS cells,
       count(*) FILTER (cells.status <> 'failed') * count(DISTINCT worker)
           / nullif(sum(cells.seconds) FILTER (isfinite(cells.seconds)), 0) AS cells_per_second
FROM cells JOIN workers USING (run_id, worker) JOIN runs USING (run_id)
GROUP BY run_id, started_at, node
ORDER BY started_at DESC NULLS LAST, run_id, node
