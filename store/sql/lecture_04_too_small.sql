-- L4, too small: W = 0.01·N(0,1) with tanh, activations collapse to zero layer by layer.
-- One row per layer: mean, standard deviation and gradient of the activations, with the range over seeds, and what
-- mean-field theory predicts. Seeds whose value is not finite are left out, overflowed counts those of the std.
-- $init VARCHAR = 'normal(std=0.01)': initialization
-- $activation VARCHAR = 'tanh': activation function
-- $width INTEGER = 4096: units per layer
-- $depth INTEGER = 6: hidden layers
-- $batch_size INTEGER = 16: examples per batch
-- $preprocessing VARCHAR = 'raw': what was done to the inputs
SELECT layer, count(*) AS seeds, count(*) FILTER (NOT isfinite(std)) AS overflowed, avg(mean) FILTER (isfinite(mean)) AS mean,
       @over_seeds(std),
       avg(theory_std) AS theory_std, @over_seeds(grad_rms)
FROM activation_stats JOIN (SELECT cell_id, layer, grad_rms FROM layers) USING (cell_id, layer)
WHERE study = 'propagation' AND network = 'mlp' AND dataset = 'gaussian' AND preprocessing = $preprocessing AND norm = 'none' AND init = $init
  AND activation = $activation AND width = $width AND depth = $depth AND batch_size = $batch_size
GROUP BY layer
ORDER BY layer
