-- L9, batch norm as a layer: what γ and β become by training, and whether the layer can be the identity.
-- One row per configuration and layer, after the last update: means over seeds, each with its margin, half of a 95 %
-- confidence interval (Student's t). γ starts at 1, β at 0. identity_error is the largest over the seeds. A diverged
-- seed is left out and counted.
-- $activation VARCHAR = NULL: only this activation; NULL means all
WITH by_seed AS (
    SELECT dataset, preprocessing, network, init, activation, norm, depth, width, batch_size, optimizer, lr, steps, part AS layer, seed,
           max(value) FILTER (quantity = 'gamma_mean')     AS gamma,
           max(value) FILTER (quantity = 'gamma_std')      AS gamma_std,
           max(value) FILTER (quantity = 'beta_mean')      AS beta,
           max(value) FILTER (quantity = 'beta_std')       AS beta_std,
           max(value) FILTER (quantity = 'identity_error') AS identity_error
    FROM quantities
    WHERE study = 'batch_norm_layer' AND (position IS NULL OR position = steps)
      AND ($activation IS NULL OR activation = $activation)
    GROUP BY ALL
), finite AS (
    SELECT * REPLACE (CASE WHEN isfinite(gamma) AND isfinite(beta) THEN gamma END AS gamma,
                      CASE WHEN isfinite(gamma) AND isfinite(beta) THEN beta END AS beta)
    FROM by_seed
)
SELECT dataset, preprocessing, network, init, activation, norm, depth, width, batch_size, optimizer, lr, steps, layer,
       count(gamma) AS seeds, count(*) - count(gamma) AS left_out,
       avg(gamma) AS gamma, @margin(gamma) AS gamma_margin,
       avg(gamma_std) FILTER (gamma IS NOT NULL) AS gamma_std,
       avg(beta) AS beta,
       @margin(beta) AS beta_margin,
       avg(beta_std) FILTER (gamma IS NOT NULL) AS beta_std,
       max(identity_error) FILTER (gamma IS NOT NULL) AS identity_error
FROM finite
GROUP BY ALL
ORDER BY ALL
