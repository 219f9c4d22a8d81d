-- Which initialization of a diagnosed network is best: ranked as its report does, each compared with the first in pairs of seeds.
-- One row per configuration; those of one network that differ in the initialization alone are ranked together: fewest errors
-- first, then by distance: |ln F| + |ln B| + max(0, ln(first loss / ln C)), F and B the factors of the signal's std and the
-- gradient's rms over the stream, C the number of classes; infinite where something is not finite or vanishes. behind is the
-- mean difference of distances to the first on the shared_seeds, each counted as 200 at most, with Student's interval
-- (Bonferroni over the comparisons). Rates are the factor per step over the deeper half of the stream, geometric means over
-- the seeds with their interval; NULL where a seed has none. errors and warnings count the findings on which at least half
-- of the seeds agree. The verdict is that of most seeds, of several the gravest; agreeing says of how many.
-- $network VARCHAR = NULL: only this network; NULL means all
-- $inits VARCHAR[] = NULL: only these initializations; NULL means all
-- $level DOUBLE = 0.05: how often an interval may miss, and identical initializations seem different
WITH chosen AS (
    SELECT cell_id, seed, @configuration, verdict, study_numbers['classes'] AS classes,
           dense_rank() OVER (ORDER BY network, dataset, preprocessing, activation, norm, depth, width, batch_size, study_axes)
               AS examined
    FROM cells JOIN diagnoses USING (cell_id)
    WHERE study = 'diagnosis' AND status <> 'failed' AND ($network IS NULL OR network = $network)
      AND ($inits IS NULL OR list_contains($inits, init))
), ends AS (
    -- The rates are those of what enters the activation of a layer.
    SELECT cell_id, layer, CASE WHEN site_kind = 'activation' THEN inputs[1] ELSE site END AS site,
           max(layer) OVER (PARTITION BY cell_id) AS last
    FROM sites
    WHERE layer IS NOT NULL
), steps AS (
    SELECT cell_id, layer, last, last // 2 + (last > 3)::INTEGER AS deeper,
           ln(CASE WHEN isfinite(std) AND std > 0 THEN std END) AS signal,
           ln(CASE WHEN isfinite(grad_rms) AND grad_rms > 0 THEN grad_rms END) AS gradient
    FROM ends JOIN taps USING (cell_id, site)
), streams AS (
    SELECT cell_id,
           CASE WHEN last > 1 AND count(signal) = count(*) THEN (max(signal) FILTER (layer = last)
               - max(signal) FILTER (layer = deeper)) / (last - deeper) END AS forward,
           CASE WHEN last > 1 AND count(gradient) = count(*) THEN (max(gradient) FILTER (layer = 1)
               - max(gradient) FILTER (layer = last + 1 - deeper)) / (last - deeper) END AS backward,
           CASE WHEN last > 1 THEN
               coalesce(abs(max(signal) FILTER (layer = last) - max(signal) FILTER (layer = 1)), 'inf'::DOUBLE)
               + coalesce(abs(max(gradient) FILTER (layer = 1) - max(gradient) FILTER (layer = last)), 'inf'::DOUBLE)
           ELSE 0 END AS far
    FROM steps
    GROUP BY cell_id, last, deeper
), scored AS (
    SELECT chosen.*, forward, backward, value AS first_loss, coalesce(far, 0) + CASE WHEN value IS NULL OR classes < 2 THEN 0
               WHEN value < 'inf'::DOUBLE THEN coalesce(ln(greatest(value / ln(classes), 1)), 0) ELSE 'inf'::DOUBLE END AS distance,
           count(*) OVER (PARTITION BY examined, init, verdict) AS alike
    FROM chosen LEFT JOIN streams USING (cell_id)
         LEFT JOIN (SELECT cell_id, value FROM measurements WHERE quantity = 'diagnosis_first_loss') USING (cell_id)
), over_seeds AS (
    SELECT examined, @configuration, count(*) AS seeds,
           mode(verdict ORDER BY list_position(['diverged', 'dead', 'symmetric', 'too big', 'too small'], verdict)) AS verdict,
           max(alike) AS agreeing, CASE WHEN count(forward) = count(*) THEN avg(forward) END AS forward,
           CASE WHEN count(backward) = count(*) THEN avg(backward) END AS backward,
           stddev_samp(forward) / sqrt(count(*)) AS forward_error, stddev_samp(backward) / sqrt(count(*)) AS backward_error,
           avg(first_loss) AS first_loss, any_value(classes) AS classes, avg(distance) AS distance
    FROM scored
    GROUP BY examined, @configuration
), counted AS (
    SELECT network, dataset, preprocessing, init, activation, norm, depth, width, batch_size, study_axes,
           count(*) FILTER (severity = 'error') AS grave, count(*) FILTER (severity = 'warning') AS lesser
    FROM @agreed_findings(0.5) AS agreed
    GROUP BY ALL
), ranked AS (
    SELECT *, coalesce(grave, 0) AS errors, coalesce(lesser, 0) AS warnings, count(*) OVER (PARTITION BY examined) AS inits,
           row_number() OVER (PARTITION BY examined ORDER BY coalesce(grave, 0), distance, init) AS place
    FROM over_seeds LEFT JOIN counted
         USING (network, dataset, preprocessing, init, activation, norm, depth, width, batch_size, study_axes)
), pairs AS (
    SELECT other.examined, other.init, count(*) AS shared, avg(least(other.distance, 200) - least(first.distance, 200)) AS behind,
           stddev_samp(least(other.distance, 200) - least(first.distance, 200)) / sqrt(count(*)) AS error
    FROM scored AS other JOIN scored AS first USING (examined, seed)
         JOIN (SELECT examined, init FROM ranked WHERE place = 1) AS best ON best.examined = first.examined AND best.init = first.init
    GROUP BY other.examined, other.init
), wanted AS (
    SELECT seeds - 1 AS freedom, $level AS beyond FROM ranked WHERE seeds > 1
    UNION SELECT shared - 1, $level / (inits - 1) FROM ranked JOIN pairs USING (examined, init) WHERE shared > 1 AND inits > 1
), angles AS (
    -- Student's t with n degrees of freedom is √n times the tangent of an angle whose density is its cosine to the power n − 1.
    SELECT freedom, (part + 1) * pi() / 20_000 AS angle, pow(cos((part + 0.5) * pi() / 20_000), freedom - 1) AS density,
           sum(density) OVER (PARTITION BY freedom ORDER BY part) / sum(density) OVER (PARTITION BY freedom) AS below,
           density / sum(density) OVER (PARTITION BY freedom) AS share
    FROM (SELECT DISTINCT freedom FROM wanted), range(10_000) AS parts(part)
), quantiles AS (
    SELECT freedom, beyond, sqrt(freedom) * tan(arg_min(angle - (below - 1 + beyond) / share * pi() / 20_000, angle)) AS quantile
    FROM wanted JOIN angles USING (freedom)
    WHERE below >= 1 - beyond
    GROUP BY freedom, beyond
)
SELECT @configuration, place, verdict, agreeing, seeds, errors, warnings, exp(forward) AS forward_rate,
       exp(forward - one.quantile * forward_error) AS forward_low, exp(forward + one.quantile * forward_error) AS forward_high,
       exp(backward) AS backward_rate, exp(backward - one.quantile * backward_error) AS backward_low,
       exp(backward + one.quantile * backward_error) AS backward_high, first_loss,
       CASE WHEN classes > 1 THEN ln(classes) END AS guessing_loss, distance, coalesce(shared, 0) AS shared_seeds, behind,
       CASE WHEN place > 1 THEN behind - several.quantile * error END AS behind_low,
       CASE WHEN place > 1 THEN behind + several.quantile * error END AS behind_high,
       place > 1 AND coalesce(behind - several.quantile * error > 0, false) AS clearly_behind
FROM ranked LEFT JOIN pairs USING (examined, init)
     LEFT JOIN quantiles AS one ON one.freedom = seeds - 1 AND one.beyond = $level
     LEFT JOIN quantiles AS several ON several.freedom = shared - 1 AND several.beyond = $level / (inits - 1)
ORDER BY network, dataset, batch_size, study_axes, place
