-- L8, Kaiming: just right for ReLU; and what the notes' slip, dividing by √(2/Din), does instead.
-- One row per initialization and layer: mean and standard deviation with the range over seeds, what theory predicts,
-- the verdict that most seeds have, and how many overflowed float32 (they are left out of the averages).
-- $inits VARCHAR[] = ['kaiming', 'kaiming_slip']: initializations
-- $activation VARCHAR = 'relu': activation function
-- $width INTEGER = 4096: units per layer
-- $depth INTEGER = 6: hidden layers
-- $batch_size INTEGER = 16: examples per batch
-- $preprocessing VARCHAR = 'raw': what was done to the inputs
SELECT init, layer, count(*) AS seeds, count(*) FILTER (NOT isfinite(std)) AS overflowed,
       avg(mean) FILTER (isfinite(std)) AS mean, @over_seeds(std),
       avg(theory_std) AS theory_std, mode(verdict ORDER BY verdict) AS verdict
FROM activation_stats JOIN (SELECT cell_id, verdict FROM signal_rates) USING (cell_id)
WHERE study = 'propagation' AND network = 'mlp' AND dataset = 'gaussian' AND preprocessing = $preprocessing AND norm = 'none'
  AND list_contains($inits, init) AND activation = $activation AND width = $width AND depth = $depth
  AND batch_size = $batch_size
GROUP BY init, layer
ORDER BY init, layer
