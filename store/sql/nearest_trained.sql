-- Which trained networks are nearest to a wanted shape.
-- One row per shape, the nearest first; distance is |ln(depth ratio)| + half of |ln(width ratio)|.
-- $activation VARCHAR: the activation
-- $depth INTEGER: hidden layers wanted
-- $width INTEGER: units per layer wanted
-- $norms VARCHAR[] = NULL: normalizations allowed; NULL means all
-- $optimizers VARCHAR[] = NULL: optimizers allowed; NULL means all
-- $datasets VARCHAR[] = NULL: data sets; NULL means all
SELECT network, dataset, preprocessing, activation, depth, width, batch_size, steps, count(*) AS cells,
       count(DISTINCT init) AS inits, count(DISTINCT norm) AS norms, count(DISTINCT lr) AS lrs,
       count(DISTINCT optimizer) AS optimizers, count(DISTINCT seed) AS seeds,
       abs(ln(depth / $depth)) + abs(ln(width / $width)) / 2 AS distance
FROM cells
WHERE study = 'training' AND status <> 'failed' AND activation = $activation AND depth > 0
  AND ($norms IS NULL OR list_contains($norms, norm))
  AND ($optimizers IS NULL OR list_contains($optimizers, optimizer))
  AND ($datasets IS NULL OR list_contains($datasets, dataset))
GROUP BY ALL
ORDER BY distance, cells DESC, network, dataset, preprocessing, batch_size, steps
LIMIT 20
