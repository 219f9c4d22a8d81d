-- Which networks of one's own were diagnosed: one row per network, what went in, loss and formats.
-- network is the function that makes it, followed by the first digits of the digest of all that tells it from others.
-- just_right counts the cells, one per initialization and seed, of which the rules say so; parameters counts tensors, weights
-- the numbers in them; residual says whether it has residual branches.
SELECT network, dataset, preprocessing, batch_size, study_axes, activation, norm, depth, width,
       list_sort(list(DISTINCT init)) AS inits, count(DISTINCT seed) AS seeds, count(*) AS cells,
       count(*) FILTER (verdict = 'just right') AS just_right, max(ended_at) AS ended_at, max(sites) AS sites,
       coalesce(max(parameters), 0) AS parameters, coalesce(max(weights), 0)::BIGINT AS weights, bool_or(residual) AS residual, bool_or(convolution) AS convolution,
       list_sort(list_distinct(flatten(list(unseen)))) AS unseen, list_sort(list_distinct(flatten(list(remarks)))) AS remarks
FROM cells JOIN diagnoses USING (cell_id) JOIN (SELECT run_id, ended_at FROM runs) USING (run_id)
     JOIN (SELECT cell_id, count(*) AS sites, bool_or(role = 'branch') AS residual,
                  bool_or(site_kind = 'convolution') AS convolution FROM sites GROUP BY cell_id) USING (cell_id)
     LEFT JOIN (SELECT cell_id, count(*) AS parameters, sum(coalesce(list_product(shape), 1)) AS weights
                FROM parameters GROUP BY cell_id) USING (cell_id)
WHERE study = 'diagnosis' AND status <> 'failed'
GROUP BY network, dataset, preprocessing, batch_size, study_axes, activation, norm, depth, width
ORDER BY network, dataset, batch_size, study_axes
