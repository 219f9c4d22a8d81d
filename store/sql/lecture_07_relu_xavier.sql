-- L7, ReLU with Xavier: activations collapse, by 1/√2 in every layer.
-- One row per layer: standard deviation with the range over seeds, what theory predicts, and the factor from the layer
-- before, with its range over seeds. Values that are not finite are left out, overflowed counts those of the std.
-- $init VARCHAR = 'xavier': initialization
-- $activation VARCHAR = 'relu': activation function
-- $width INTEGER = 4096: units per layer
-- $depth INTEGER = 6: hidden layers
-- $batch_size INTEGER = 16: examples per batch
-- $preprocessing VARCHAR = 'raw': what was done to the inputs
WITH factors AS (
    SELECT *, std / lag(std) OVER (PARTITION BY cell_id ORDER BY layer) AS factor
    FROM activation_stats
    WHERE study = 'propagation' AND network = 'mlp' AND dataset = 'gaussian' AND preprocessing = $preprocessing AND norm = 'none' AND init = $init
      AND activation = $activation AND width = $width AND depth = $depth AND batch_size = $batch_size
)
SELECT layer, count(*) AS seeds, count(*) FILTER (NOT isfinite(std)) AS overflowed,
       @over_seeds(std), avg(theory_std) AS theory_std,
       @over_seeds(factor)
FROM factors
GROUP BY layer
ORDER BY layer
