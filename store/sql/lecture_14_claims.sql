-- L14, stated in advance: does batch norm regularize, and the more so the smaller the batch?
-- One row per configuration, evidence and claim. Each claim says that a difference of train–test gaps of the loss, paired
-- by seed, is above a threshold, which is 0: here are its mean over seeds, the margin (half of a 95 % confidence interval,
-- Student's t) and in how many seeds it is. It holds when the whole interval is above, does not hold when none of it is,
-- and is undecided in between. A smaller gap alone is no gain: `lecture_14_regularization` has the accuracies beside it. The settings were chosen and the claims stated on the seeds below $selection; only the other
-- seeds, which nobody had looked at then, are confirmation. A seed whose gap is not finite is left out.
-- $small INTEGER = 8: examples in a small batch
-- $medium INTEGER = 32: examples in a larger one
-- $large INTEGER = 128: examples in a large one
-- $selection INTEGER = 5: seeds below this one were used for selection
WITH gaps AS (
    SELECT dataset, preprocessing, network, init, activation, norm, depth, width, optimizer, seed, batch_size,
           study_numbers['lr_per_example'] AS lr_per_example, study_numbers['epochs']::INTEGER AS epochs,
           CASE WHEN isfinite(value) THEN value END AS gap
    FROM measurements JOIN cells USING (cell_id)
    WHERE study = 'discrepancy' AND quantity = 'loss_gap'
), paired AS (
    SELECT normed.* EXCLUDE (gap), normed.gap AS gap, plain.gap AS plain_gap
    FROM gaps AS normed JOIN gaps AS plain
        USING (dataset, preprocessing, network, init, activation, depth, width, optimizer, batch_size, seed,
               lr_per_example, epochs)
    WHERE normed.norm <> 'none' AND plain.norm = 'none'
), by_seed AS (
    SELECT dataset, preprocessing, network, init, activation, norm, depth, width, optimizer, lr_per_example, epochs, seed,
           CASE WHEN seed < $selection THEN 'selection' ELSE 'confirmation' END AS evidence,
           max(plain_gap - gap) FILTER (batch_size = $small)  AS saved_small,
           max(plain_gap - gap) FILTER (batch_size = $medium) AS saved_medium,
           max(gap) FILTER (batch_size = $large) - max(gap) FILTER (batch_size = $small) AS growth,
           max(plain_gap) FILTER (batch_size = $large) - max(plain_gap) FILTER (batch_size = $small) AS plain_growth
    FROM paired
    GROUP BY ALL
), stated AS (
    SELECT * EXCLUDE (saved_small, saved_medium, growth, plain_growth), unnest([
        {'number': 1, 'claim': 'the gap is smaller with batch norm, in batches of ' || $small, 'difference': saved_small},
        {'number': 2, 'claim': 'the gap is smaller with batch norm, in batches of ' || $medium, 'difference': saved_medium},
        {'number': 3, 'claim': 'with batch norm the gap grows from batches of ' || $small || ' to ' || $large,
         'difference': growth},
        {'number': 4, 'claim': 'it grows more than without batch norm', 'difference': growth - plain_growth}
    ], recursive := true)
    FROM by_seed
), judged AS (
    SELECT dataset, preprocessing, network, init, activation, norm, depth, width, optimizer, lr_per_example, epochs, evidence, number, claim,
           count(difference) AS seeds, avg(difference) AS mean,
           @margin(difference) AS margin, 0.0::DOUBLE AS threshold,
           count(*) FILTER (difference > 0) AS seeds_that_agree
    FROM stated
    GROUP BY ALL
    HAVING count(difference) > 0
)
SELECT *, @claim_verdict AS verdict
FROM judged
ORDER BY ALL
