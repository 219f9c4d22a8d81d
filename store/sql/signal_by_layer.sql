-- Signal and gradient in each layer of chosen configurations, over seeds.
-- One row per configuration and layer. Means and ranges are over seeds with finite values; overflowed counts the others.
-- theory_std_low to theory_std_high is where 95 % of single networks should lie; likewise for the gradient.
-- $network VARCHAR = 'mlp': kind of network
-- $dataset VARCHAR = 'gaussian': where the inputs come from
-- $preprocessing VARCHAR = 'raw': what was done to them
-- $depth INTEGER = 6: hidden layers
-- $width INTEGER = 4096: units per layer
-- $batch_size INTEGER = 16: examples per batch
-- $inits VARCHAR[] = NULL: only these initializations; NULL means all
-- $activations VARCHAR[] = NULL: only these activations; NULL means all
-- $norms VARCHAR[] = NULL: only these normalizations; NULL means all
SELECT init, activation, norm, layer, count(*) AS seeds, any_value(sigma_w) AS sigma_w,
       count(*) FILTER (NOT (isfinite(std) AND isfinite(mean))) AS std_overflowed,
       avg(mean) FILTER (isfinite(mean)) AS mean,
       @over_seeds(std),
       avg(preact_std) FILTER (isfinite(preact_std)) AS preact_std,
       count(*) FILTER (NOT isfinite(preact_std)) AS preact_std_overflowed,
       avg(theory_std) AS theory_std,
       avg(theory_std_band) AS theory_std_band,
       avg(@theory_low(theory_std, theory_std_band)) AS theory_std_low, avg(@theory_high(theory_std, theory_std_band)) AS theory_std_high,
       count(*) FILTER (NOT isfinite(grad_rms)) AS grad_rms_overflowed,
       @over_seeds(grad_rms),
       avg(theory_grad_rms) AS theory_grad_rms,
       avg(theory_grad_band) AS theory_grad_band,
       avg(@theory_low(theory_grad_rms, theory_grad_band)) AS theory_grad_low, avg(@theory_high(theory_grad_rms, theory_grad_band)) AS theory_grad_high,
       avg(frac_saturated) FILTER (isfinite(frac_saturated)) AS frac_saturated,
       avg(frac_zero) FILTER (isfinite(frac_zero)) AS frac_zero,
       avg(frac_dead_units) FILTER (isfinite(frac_dead_units)) AS frac_dead_units
FROM layers JOIN cells USING (cell_id)
WHERE study IN ('propagation', 'diagnosis') AND network = $network AND dataset = $dataset AND preprocessing = $preprocessing
  AND depth = $depth AND width = $width AND batch_size = $batch_size
  AND ($inits IS NULL OR list_contains($inits, init))
  AND ($activations IS NULL OR list_contains($activations, activation))
  AND ($norms IS NULL OR list_contains($norms, norm))
GROUP BY init, activation, norm, layer
ORDER BY activation, norm, init, layer
