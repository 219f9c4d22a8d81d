-- Signal and gradient in each layer relative to a baseline, in pairs of seeds.
-- One row per configuration and layer. Networks with one seed share their draws: each is divided by the baseline's network
-- of the same seed. Geometric means and ranges are over the seeds with a positive finite ratio, which are counted.
-- $network VARCHAR = 'mlp': kind of network
-- $dataset VARCHAR = 'gaussian': where the inputs come from
-- $preprocessing VARCHAR = 'raw': what was done to them
-- $depth INTEGER = 6: hidden layers
-- $width INTEGER = 4096: units per layer
-- $batch_size INTEGER = 16: examples per batch
-- $baseline_init VARCHAR = 'xavier': initialization of the baseline
-- $baseline_activation VARCHAR = 'tanh': activation function of the baseline
-- $baseline_norm VARCHAR = 'none': normalization of the baseline
WITH chosen AS (
    SELECT init, activation, norm, seed, layer, std::DOUBLE AS std, grad_rms::DOUBLE AS grad_rms
    FROM layers JOIN cells USING (cell_id)
    WHERE study IN ('propagation', 'diagnosis') AND network = $network AND dataset = $dataset AND preprocessing = $preprocessing
      AND depth = $depth AND width = $width AND batch_size = $batch_size
), paired AS (
    SELECT chosen.init, chosen.activation, chosen.norm, layer, seed,
           chosen.std / nullif(baseline.std, 0) AS std, chosen.grad_rms / nullif(baseline.grad_rms, 0) AS grad_rms
    FROM chosen JOIN chosen AS baseline USING (seed, layer)
    WHERE baseline.init = $baseline_init AND baseline.activation = $baseline_activation AND baseline.norm = $baseline_norm
), finite AS (
    SELECT init, activation, norm, layer, CASE WHEN std > 0 AND isfinite(std) THEN std END AS std,
           CASE WHEN grad_rms > 0 AND isfinite(grad_rms) THEN grad_rms END AS grad_rms
    FROM paired
)
SELECT init, activation, norm, layer, count(std) AS std_seeds, exp(avg(ln(std))) AS std, min(std) AS std_low,
       max(std) AS std_high, count(grad_rms) AS grad_rms_seeds, exp(avg(ln(grad_rms))) AS grad_rms,
       min(grad_rms) AS grad_rms_low, max(grad_rms) AS grad_rms_high
FROM finite
GROUP BY init, activation, norm, layer
ORDER BY activation, norm, init, layer
