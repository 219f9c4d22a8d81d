-- The grid files of earlier runs, the latest first.
SELECT grid, grid_text, max(started_at) AS started_at
FROM runs
WHERE grid_text IS NOT NULL
GROUP BY grid, grid_text
ORDER BY started_at DESC NULLS LAST
