-- Histograms of one tap in chosen layers of chosen configurations, one row per seed.
-- $network VARCHAR = 'mlp': kind of network
-- $dataset VARCHAR = 'gaussian': where the inputs come from
-- $preprocessing VARCHAR = 'raw': what was done to them
-- $depth INTEGER = 6: hidden layers
-- $width INTEGER = 4096: units per layer
-- $batch_size INTEGER = 16: examples per batch
-- $inits VARCHAR[] = NULL: only these initializations; NULL means all
-- $activations VARCHAR[] = NULL: only these activations; NULL means all
-- $norms VARCHAR[] = NULL: only these normalizations; NULL means all
-- $layers INTEGER[] = NULL: only these layers; NULL means all
-- $tap VARCHAR = 'act': pre (what enters the activation), act (what leaves it) or grad (gradient of what leaves it)
-- $most_seeds INTEGER = 8: at most this many seeds of each configuration, the smallest first; NULL means all
WITH chosen AS (
    SELECT cell_id, init, activation, norm, seed
    FROM cells
    WHERE study IN ('propagation', 'diagnosis') AND status <> 'failed' AND network = $network AND dataset = $dataset AND preprocessing = $preprocessing
      AND depth = $depth AND width = $width AND batch_size = $batch_size
      AND ($inits IS NULL OR list_contains($inits, init))
      AND ($activations IS NULL OR list_contains($activations, activation))
      AND ($norms IS NULL OR list_contains($norms, norm))
    QUALIFY $most_seeds IS NULL OR row_number() OVER (PARTITION BY init, activation, norm ORDER BY seed) <= $most_seeds
)
SELECT init, activation, norm, layer, seed, lo, hi, counts, underflow, overflow, nonfinite
FROM layer_histograms JOIN chosen USING (cell_id)
WHERE tap = $tap AND ($layers IS NULL OR list_contains($layers, layer))
ORDER BY activation, norm, init, layer, seed
