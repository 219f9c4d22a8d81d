-- Which trained networks are nearest to a wanted shape.
-- One row per shape, the most suitable first: the wanted one itself, where it was trained. distance is |ln(depth ratio)| + half
-- of |ln(width ratio)|. A network on which more was tried is more informative: adjusted_distance lets one with e times as
-- many combinations (of initialization, normalization, optimizer and learning rate) be farther by $variety.
-- $activation VARCHAR: the activation
-- $depth INTEGER: hidden layers wanted
-- $width INTEGER: units per layer wanted
-- $norms VARCHAR[] = NULL: normalizations allowed; NULL means all
-- $optimizers VARCHAR[] = NULL: optimizers allowed; NULL means all
-- $datasets VARCHAR[] = NULL: data sets; NULL means all
-- $networks VARCHAR[] = NULL: kinds of network; NULL means all
-- $variety DOUBLE = 0.25: what e times as many combinations are worth, as a distance
WITH shapes AS (
    SELECT network, dataset, preprocessing, activation, depth, width, batch_size, steps, count(*) AS cells,
           count(DISTINCT init) AS inits, count(DISTINCT norm) AS norms, count(DISTINCT lr) AS lrs,
           count(DISTINCT optimizer) AS optimizers, count(DISTINCT seed) AS seeds,
           count(DISTINCT (init, norm, optimizer, lr)) AS combinations,
           abs(ln(depth / $depth)) + abs(ln(width / $width)) / 2 AS distance
    FROM cells
    WHERE study = 'training' AND status <> 'failed' AND activation = $activation AND depth > 0
      AND ($norms IS NULL OR list_contains($norms, norm))
      AND ($optimizers IS NULL OR list_contains($optimizers, optimizer))
      AND ($datasets IS NULL OR list_contains($datasets, dataset))
      AND ($networks IS NULL OR list_contains($networks, network))
    GROUP BY ALL
)
SELECT *, distance - $variety * ln(combinations) AS adjusted_distance
FROM shapes
ORDER BY distance > 0, adjusted_distance, cells DESC, network, dataset, preprocessing, batch_size, steps
LIMIT 20
