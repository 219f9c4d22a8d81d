-- What leaves every site of diagnosed networks, and the gradient that comes back to it, in execution order.
-- One row per configuration and site; layer where the site ends a layer of the stream. std and grad_rms are geometric means
-- over the seeds where they are finite, with their lowest and highest; std_lost and grad_lost count the others. rms and what
-- theory expects of it, theory_rms, are such means, too. Shares are means over the seeds where they are finite, NULL where a
-- site has none.
-- $network VARCHAR = NULL: only this network; NULL means all
-- $inits VARCHAR[] = NULL: only these initializations; NULL means all
-- $roles VARCHAR[] = NULL: only sites that lie there: stream, branch, skip, read-out; NULL means all
SELECT @configuration, site, label, module_name, operation, site_kind, role, layer, count(*) AS seeds,
       @geometric_mean(std) AS std, min(std) FILTER (isfinite(std)) AS std_low, max(std) FILTER (isfinite(std)) AS std_high,
       count(*) FILTER (NOT isfinite(std)) AS std_lost,
       @geometric_mean(rms) AS rms, @geometric_mean(theory_rms) AS theory_rms,
       @geometric_mean(grad_rms) AS grad_rms, min(grad_rms) FILTER (isfinite(grad_rms)) AS grad_low,
       max(grad_rms) FILTER (isfinite(grad_rms)) AS grad_high, count(*) FILTER (NOT isfinite(grad_rms)) AS grad_lost,
       avg(frac_dead_units) FILTER (isfinite(frac_dead_units)) AS frac_dead_units,
       avg(frac_saturated) FILTER (isfinite(frac_saturated)) AS frac_saturated,
       avg(frac_nonfinite) FILTER (isfinite(frac_nonfinite)) AS frac_nonfinite
FROM site_stats
WHERE study = 'diagnosis' AND ($network IS NULL OR network = $network) AND ($inits IS NULL OR list_contains($inits, init))
  AND ($roles IS NULL OR list_contains($roles, role))
GROUP BY @configuration, site, label, module_name, operation, site_kind, role, layer
ORDER BY network, dataset, batch_size, study_axes, init, site
