-- What trains at all, on networks as near as possible to a wanted one.
-- One row per configuration of which at least half of the seeds train (`outcomes.trains`), the nearest first, of these the
-- most accurate; distance is |ln(depth ratio)| + half of |ln(width ratio)|.
-- $depth INTEGER: hidden layers wanted
-- $width INTEGER: units per layer wanted
-- $datasets VARCHAR[] = NULL: data sets; NULL means all
-- $networks VARCHAR[] = NULL: kinds of network; NULL means all
-- $activations VARCHAR[] = NULL: activation functions; NULL means all
-- $norms VARCHAR[] = NULL: normalizations; NULL means all
-- $least_depth INTEGER = 1: hidden layers at least
SELECT @configuration, count(*) AS seeds, avg(trains::INTEGER) AS share_that_train,
       avg(final_test_accuracy) FILTER (isfinite(final_test_accuracy)) AS final_test_accuracy,
       abs(ln(depth / $depth)) + abs(ln(width / $width)) / 2 AS distance
FROM outcomes
WHERE study = 'training' AND depth >= greatest($least_depth, 1) AND ($datasets IS NULL OR list_contains($datasets, dataset))
  AND ($networks IS NULL OR list_contains($networks, network))
  AND ($activations IS NULL OR list_contains($activations, activation))
  AND ($norms IS NULL OR list_contains($norms, norm))
GROUP BY @configuration
HAVING avg(trains::INTEGER) >= 0.5
ORDER BY distance, final_test_accuracy DESC, @configuration
