-- Where the signal of a diagnosed network changes: its layers from input to output, by the names of the sites that end them.
-- One row per configuration and layer. Geometric means over the seeds with positive finite values; left_out counts the
-- others. forward_factor is std over that of the layer before, backward_factor grad_rms over that of the layer behind.
-- $network VARCHAR = NULL: only this network; NULL means all
-- $inits VARCHAR[] = NULL: only these initializations; NULL means all
WITH per_seed AS (
    SELECT @configuration, seed, layer, label, layers.std::DOUBLE AS std, layers.grad_rms::DOUBLE AS grad_rms,
           coalesce(isfinite(layers.std) AND isfinite(layers.grad_rms) AND layers.std > 0 AND layers.grad_rms > 0, false)
               AS sound
    FROM layers JOIN cells USING (cell_id)
         JOIN (SELECT cell_id, layer, label FROM sites WHERE layer IS NOT NULL) AS ends USING (cell_id, layer)
    WHERE study = 'diagnosis' AND ($network IS NULL OR network = $network)
      AND ($inits IS NULL OR list_contains($inits, init))
), over_seeds AS (
    SELECT @configuration, layer, label, count(*) AS seeds, count(*) FILTER (NOT sound) AS left_out,
           @geometric_mean(CASE WHEN sound THEN std END) AS std,
           @geometric_mean(CASE WHEN sound THEN grad_rms END) AS grad_rms
    FROM per_seed
    GROUP BY @configuration, layer, label
)
SELECT *, std / lag(std) OVER along AS forward_factor, grad_rms / lead(grad_rms) OVER along AS backward_factor
FROM over_seeds
WINDOW along AS (PARTITION BY @configuration ORDER BY layer)
ORDER BY network, dataset, init, layer
