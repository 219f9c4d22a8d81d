-- L5, too big: W = 0.05·N(0,1) with tanh, units saturate and local gradients vanish.
-- One row per layer: saturated share (flat, and at an end of the function; see the column's comment), standard
-- deviation and weight gradient, with the range over seeds. Seeds whose value is not
-- finite are left out, overflowed counts those of the std.
-- $init VARCHAR = 'normal(std=0.05)': initialization
-- $activation VARCHAR = 'tanh': activation function
-- $width INTEGER = 4096: units per layer
-- $depth INTEGER = 6: hidden layers
-- $batch_size INTEGER = 16: examples per batch
-- $preprocessing VARCHAR = 'raw': what was done to the inputs
SELECT layer, count(*) AS seeds, count(*) FILTER (NOT isfinite(std)) AS overflowed,
       @over_seeds(frac_saturated, saturated),
       @over_seeds(std),
       @over_seeds(weight_grad_rms)
FROM activation_stats JOIN (SELECT cell_id, layer, weight_grad_rms FROM layers) USING (cell_id, layer)
WHERE study = 'propagation' AND network = 'mlp' AND dataset = 'gaussian' AND preprocessing = $preprocessing AND norm = 'none' AND init = $init
  AND activation = $activation AND width = $width AND depth = $depth AND batch_size = $batch_size
GROUP BY layer
ORDER BY layer
