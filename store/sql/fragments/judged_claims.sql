-- What became of claims that were stated before: `stated` has a row per claim and seed, with the difference that it is about and
-- the threshold that this should be above. One row per claim; one that no seed decides is left out.
SELECT * EXCLUDE (seed, difference), count(difference) AS seeds, avg(difference) AS mean,
           @margin(difference) AS margin,
           count(*) FILTER (difference > threshold) AS seeds_that_agree
    FROM stated
    GROUP BY ALL
    HAVING count(difference) > 0
