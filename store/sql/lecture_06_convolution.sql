-- L6, fan-in of a convolution: filter² · input channels is just right, input channels alone are too big.
-- One row per activation and initialization: growth of the standard deviation per layer (1 = preserved) and saturated
-- share of the last layer, each with the range over seeds, and the verdict that most seeds have. Values that are
-- not finite are left out, left_out counts those of the growth.
-- $inits VARCHAR[] = ['xavier', 'xavier_channels', 'kaiming', 'kaiming_channels']: initializations
-- $activations VARCHAR[] = ['tanh', 'relu']: activation functions
-- $network VARCHAR = 'conv': convolutional network
-- $width INTEGER = 64: channels per layer
-- $depth INTEGER = 8: hidden layers
-- $batch_size INTEGER = 8: examples per batch
-- $preprocessing VARCHAR = 'raw': what was done to the inputs
SELECT activation, init, count(*) AS seeds, count(*) - count(*) FILTER (isfinite(forward_rate)) AS left_out,
       @over_seeds(forward_rate, growth),
       @over_seeds(frac_saturated, saturated),
       mode(verdict ORDER BY verdict) AS verdict
FROM signal_rates JOIN (SELECT cell_id, layer, frac_saturated FROM layers) USING (cell_id)
WHERE study = 'propagation' AND network = $network AND dataset = 'gaussian' AND norm = 'none'
  AND list_contains($inits, init) AND list_contains($activations, activation) AND width = $width AND depth = $depth
  AND batch_size = $batch_size AND preprocessing = $preprocessing AND layer = depth
GROUP BY activation, init
ORDER BY activation, init
