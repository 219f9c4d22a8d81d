-- Which networks were trained: one row per data set, shape and length of training.
-- What was varied on each is listed, so that a choice among them can be offered.
SELECT network, dataset, preprocessing, width, batch_size, optimizer, steps,
       list_sort(list(DISTINCT init)) AS inits, list_sort(list(DISTINCT activation)) AS activations,
       list_sort(list(DISTINCT norm)) AS norms, list_sort(list(DISTINCT depth)) AS depths,
       list_sort(list(DISTINCT lr)) AS lrs, count(DISTINCT seed) AS seeds, count(*) AS cells
FROM cells
WHERE study = 'training' AND status <> 'failed'
GROUP BY ALL
ORDER BY cells DESC, network, dataset, preprocessing, width, batch_size, optimizer, steps
