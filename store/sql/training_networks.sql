-- Which networks were trained: one row per data set, shape and length of training, those on which most can be compared first.
-- What was varied on each is listed, so that a choice among them can be offered. comparable is how many combinations of
-- initialization and depth share one activation, normalization and learning rate, at most: of a sample there are more cells than
-- can stand side by side.
WITH trained AS (
    FROM cells
    WHERE study = 'training' AND status <> 'failed'
), side_by_side AS (
    SELECT network, dataset, preprocessing, width, batch_size, optimizer, steps, count(DISTINCT (init, depth)) AS combinations
    FROM trained
    GROUP BY network, dataset, preprocessing, width, batch_size, optimizer, steps, activation, norm, lr
), most AS (
    SELECT network, dataset, preprocessing, width, batch_size, optimizer, steps, max(combinations) AS comparable
    FROM side_by_side
    GROUP BY ALL
)
SELECT network, dataset, preprocessing, width, batch_size, optimizer, steps,
       list_sort(list(DISTINCT init)) AS inits, list_sort(list(DISTINCT activation)) AS activations,
       list_sort(list(DISTINCT norm)) AS norms, list_sort(list(DISTINCT depth)) AS depths,
       list_sort(list(DISTINCT lr)) AS lrs, count(DISTINCT seed) AS seeds, count(*) AS cells, any_value(comparable) AS comparable
FROM trained JOIN most USING (network, dataset, preprocessing, width, batch_size, optimizer, steps)
GROUP BY network, dataset, preprocessing, width, batch_size, optimizer, steps
ORDER BY comparable DESC, cells DESC, network, dataset, preprocessing, width, batch_size, optimizer, steps
