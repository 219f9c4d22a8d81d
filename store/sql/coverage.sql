-- What has been computed: cells by study, data set, network and status.
SELECT study, dataset, network, status, count(*) AS cells, count(DISTINCT init) AS inits,
       count(DISTINCT activation) AS activations, count(DISTINCT norm) AS norms, min(depth) AS min_depth,
       max(depth) AS max_depth, count(DISTINCT seed) AS seeds, sum(seconds) FILTER (isfinite(seconds)) AS seconds
FROM cells
GROUP BY ALL
ORDER BY ALL
