-- Which networks of one's own were diagnosed: one row per network, what went in, loss and formats.
-- network is the function that makes it, followed by the first digits of the digest of all that tells it from others.
-- just_right counts the cells, one per initialization and seed, of which the rules say so.
SELECT network, dataset, preprocessing, batch_size, study_axes, activation, norm, depth, width,
       list_sort(list(DISTINCT init)) AS inits, count(DISTINCT seed) AS seeds, count(*) AS cells,
       count(*) FILTER (verdict = 'just right') AS just_right, max(ended_at) AS ended_at
FROM cells JOIN diagnoses USING (cell_id) JOIN (SELECT run_id, ended_at FROM runs) USING (run_id)
WHERE study = 'diagnosis' AND status <> 'failed'
GROUP BY network, dataset, preprocessing, batch_size, study_axes, activation, norm, depth, width
ORDER BY network, dataset, batch_size, study_axes
