-- Which untrained networks were measured: one row per shape of network and kind of input.
-- What was varied on each is listed, so that a choice among them can be offered.
SELECT network, dataset, preprocessing, depth, width, batch_size,
       list_sort(list(DISTINCT init)) AS inits, list_sort(list(DISTINCT activation)) AS activations,
       list_sort(list(DISTINCT norm)) AS norms, count(DISTINCT seed) AS seeds, count(*) AS cells
FROM cells
WHERE study = 'propagation' AND status <> 'failed'
GROUP BY ALL
ORDER BY width DESC, depth, batch_size, network, dataset, preprocessing
