-- What is wrong with diagnosed networks: each finding with the number of seeds that agree, the gravest first.
-- One row per configuration, rule and place. The severity is the one that most of the agreeing seeds give, of several the
-- first in the alphabet; measured is the median over them, and the sentences are those of the smallest seed.
-- $network VARCHAR = NULL: only this network; NULL means all
-- $inits VARCHAR[] = NULL: only these initializations; NULL means all
-- $agreement DOUBLE = 0.5: share of the seeds that have to agree
WITH seeds_of AS (
    SELECT @configuration, count(*) AS seeds
    FROM cells
    WHERE study = 'diagnosis' AND status <> 'failed' AND ($network IS NULL OR network = $network)
      AND ($inits IS NULL OR list_contains($inits, init))
    GROUP BY ALL
), found AS (
    SELECT @configuration, rule, place, mode(severity ORDER BY severity) AS severity, count(DISTINCT seed) AS agreeing,
           median(measured) AS measured, arg_min(threshold, seed) AS threshold, arg_min(why, seed) AS why,
           arg_min(remedy, seed) AS remedy, arg_min(code, seed) AS code
    FROM diagnosis_findings
    WHERE study = 'diagnosis'
    GROUP BY @configuration, rule, place
)
SELECT found.* EXCLUDE (severity, agreeing, measured, threshold, why, remedy, code), severity, agreeing, seeds, measured,
       threshold, why, remedy, code
FROM found JOIN seeds_of ON (found.network, found.dataset, found.preprocessing, found.init, found.activation, found.norm,
                             found.depth, found.width, found.batch_size, found.study_axes)
                          = (seeds_of.network, seeds_of.dataset, seeds_of.preprocessing, seeds_of.init, seeds_of.activation,
                             seeds_of.norm, seeds_of.depth, seeds_of.width, seeds_of.batch_size, seeds_of.study_axes)
WHERE agreeing >= $agreement * seeds
ORDER BY found.network, found.dataset, found.init, list_position(['error', 'warning', 'note'], severity), rule, place
