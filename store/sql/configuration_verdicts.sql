-- Too small, just right or too big: rates and verdicts of chosen configurations, over seeds.
-- The verdict is the most frequent one, in a tie the first in the alphabet; agreeing says how many seeds share it.
-- Rates per layer and factors over the whole depth are geometric means over the seeds where they are finite.
-- $network VARCHAR = 'mlp': kind of network
-- $dataset VARCHAR = 'gaussian': where the inputs come from
-- $preprocessing VARCHAR = 'raw': what was done to them
-- $depth INTEGER = 6: hidden layers
-- $width INTEGER = 4096: units per layer
-- $batch_size INTEGER = 16: examples per batch
WITH per_seed AS (
    SELECT *, count(*) OVER (PARTITION BY init, activation, norm, verdict) AS alike
    FROM signal_rates
    WHERE network = $network AND dataset = $dataset AND preprocessing = $preprocessing
      AND depth = $depth AND width = $width AND batch_size = $batch_size
)
SELECT init, activation, norm, count(*) AS seeds, mode(verdict ORDER BY verdict) AS verdict,
       coalesce(max(alike) FILTER (verdict IS NOT NULL), count(*)) AS agreeing,
       @geometric_mean(forward_rate) AS forward_rate, @geometric_mean(backward_rate) AS backward_rate,
       @geometric_mean(forward_factor) AS forward_factor, @geometric_mean(backward_factor) AS backward_factor
FROM per_seed
GROUP BY init, activation, norm
ORDER BY activation, norm, init
