-- What is wrong with diagnosed networks: each finding with the number of seeds that agree, the gravest first.
-- One row per configuration, rule and place. The severity is the one that most of the agreeing seeds give, of several the
-- first in the alphabet; measured is the median over them, and the sentences are those of the smallest seed. Where enough
-- seeds have a finding of a rule but name different places, there is one row, at the place that most name, of several the
-- first in the alphabet: agreeing counts the seeds that have it anywhere, agreeing_here those that have it there.
-- $network VARCHAR = NULL: only this network; NULL means all
-- $inits VARCHAR[] = NULL: only these initializations; NULL means all
-- $agreement DOUBLE = 0.5: share of the seeds that have to agree
SELECT @configuration, rule, place, severity, agreeing, agreeing_here, seeds, measured, threshold, why, remedy, code
FROM @agreed_findings($agreement) AS agreed
WHERE ($network IS NULL OR network = $network) AND ($inits IS NULL OR list_contains($inits, init))
ORDER BY network, dataset, init, list_position(['error', 'warning', 'note'], severity), rule, place
