-- Findings on which at least a share #1 of the seeds agrees, one row per configuration, rule and place. Where that many have a
-- finding of a rule but no place of it is the same (of many layers alike, another one is the worst under each seed), there
-- is one row, at the place that most of them name.
(
    WITH told AS (
        SELECT findings.*, seed, number, seeds, @configuration
        FROM findings JOIN (
            SELECT cell_id, seed, @configuration, count(*) OVER (PARTITION BY @configuration) AS seeds,
                   dense_rank() OVER (ORDER BY @configuration) AS number
            FROM cells
            WHERE study = 'diagnosis' AND status <> 'failed'
        ) USING (cell_id)
    ), by_rule AS (
        SELECT number, rule, count(DISTINCT seed) AS anywhere, mode(severity ORDER BY severity) AS usual, median(measured) AS typical
        FROM told
        GROUP BY number, rule
    ), by_place AS (
        SELECT @configuration, number, seeds, rule, place, count(DISTINCT seed) AS agreeing_here,
               mode(severity ORDER BY severity) AS severity, median(measured) AS measured,
               arg_min(threshold, seed) AS threshold, arg_min(why, seed) AS why, arg_min(remedy, seed) AS remedy,
               arg_min(code, seed) AS code, row_number() OVER (PARTITION BY number, rule ORDER BY count(DISTINCT seed) DESC, place) AS rank,
               max(count(DISTINCT seed)) OVER (PARTITION BY number, rule) AS most
        FROM told
        GROUP BY @configuration, number, seeds, rule, place
    )
    SELECT by_place.* EXCLUDE (severity, measured, number, rank, most, threshold, why, remedy, code),
           if(most >= #1 * seeds, severity, usual) AS severity, if(most >= #1 * seeds, agreeing_here, anywhere) AS agreeing,
           if(most >= #1 * seeds, measured, typical) AS measured, threshold, why, remedy, code
    FROM by_place JOIN by_rule USING (number, rule)
    WHERE agreeing_here >= #1 * seeds OR (rank = 1 AND anywhere >= #1 * seeds)
)
