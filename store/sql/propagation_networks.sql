-- Which untrained networks were measured: one row per shape of network and kind of input; those of one's own come last.
-- What was varied on each is listed, so that a choice among them can be offered.
SELECT network, dataset, preprocessing, depth, width, batch_size,
       list_sort(list(DISTINCT init)) AS inits, list_sort(list(DISTINCT activation)) AS activations,
       list_sort(list(DISTINCT norm)) AS norms, count(DISTINCT seed) AS seeds, count(*) AS cells,
       bool_or(study = 'diagnosis') AS own
FROM cells
WHERE study IN ('propagation', 'diagnosis') AND status <> 'failed'
GROUP BY ALL
ORDER BY own, width DESC, depth, batch_size, network, dataset, preprocessing
