-- How signal and gradient of untrained networks grow along two axes: the table behind a heat map.
-- One row per pair of values. Rates are geometric means over all networks of the configurations that fall on one pair;
-- seeds counts the networks. A rate that is zero or not finite is left out and counted in lost. The verdict is the most
-- frequent one.
-- $x VARCHAR = 'depth': axis of the columns
-- $y VARCHAR = 'init': axis of the rows
-- @chosen_configurations
WITH chosen AS (
    SELECT @axis($x) AS x,
           @axis($y) AS y,
           (@configuration) AS configuration,
           forward_rate, backward_rate, verdict,
           coalesce(isfinite(forward_rate) AND isfinite(backward_rate) AND forward_rate > 0 AND backward_rate > 0,
                    false) AS sound
    FROM signal_rates
    WHERE study IN ('propagation', 'diagnosis') AND @chosen_configurations
)
SELECT x, y, count(DISTINCT configuration) AS configurations, count(*) AS seeds, count(*) FILTER (NOT sound) AS lost,
       @geometric_mean(CASE WHEN sound THEN forward_rate END) AS forward_rate,
       @geometric_mean(CASE WHEN sound THEN backward_rate END) AS backward_rate,
       count(*) FILTER (verdict = 'diverged') / count(*) AS share_diverged,
       count(*) FILTER (verdict = 'just right') / count(*) AS share_just_right, mode(verdict ORDER BY verdict) AS verdict
FROM chosen
GROUP BY x, y
ORDER BY x, y
