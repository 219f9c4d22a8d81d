-- L17, stated in advance: what should a trained network keep, for how many images, on a target how similar?
-- One row per configuration, evidence and claim. Each claim says that a difference of test accuracies, paired by seed, is
-- above a threshold: here are its mean over seeds, the margin (half of a 95 % confidence interval, Student's t), the
-- threshold, and in how many seeds it is above. It holds when the whole interval is above, does not hold when none of it
-- is, and is undecided in between. The settings were chosen and the claims stated on the seeds below $selection; only the other seeds, which
-- nobody had looked at then, are confirmation. A diverged seed is left out.
-- $similar VARCHAR = 'fashion-target': target that is like the source
-- $dissimilar VARCHAR = 'digits-28': target that is not
-- $small INTEGER = 5: images per class of a small target set
-- $large INTEGER = 100: images per class of a large one
-- $loss DOUBLE = 0.05: accuracy that frozen convolutions may cost and still count as general
-- $selection INTEGER = 5: seeds below this one were used for selection
WITH accuracies AS (
    SELECT study_axes['source'] AS source, study_numbers['source_steps']::INTEGER AS source_steps,
           study_numbers['source_lr'] AS source_lr, preprocessing, network, init, activation, norm, depth, width, batch_size,
           optimizer, lr, steps, seed, dataset, study_numbers['per_class']::INTEGER AS per_class, part AS scheme,
           CASE WHEN isfinite(value) THEN value END AS accuracy
    FROM measurements JOIN cells USING (cell_id)
    WHERE quantity = 'transfer_accuracy' AND dataset IN ($similar, $dissimilar)
), schemes AS (
    SELECT * EXCLUDE (scheme, accuracy), max(accuracy) FILTER (scheme = 'scratch') AS scratch,
           max(accuracy) FILTER (scheme = 'last_layer') AS last_layer,
           max(accuracy) FILTER (scheme = 'dense_layers') AS dense_layers,
           max(accuracy) FILTER (scheme = 'fine_tune') AS fine_tune
    FROM accuracies
    GROUP BY ALL
), by_seed AS (
    SELECT * EXCLUDE (dataset, per_class, scratch, last_layer, dense_layers, fine_tune),
           CASE WHEN seed < $selection THEN 'selection' ELSE 'confirmation' END AS evidence,
           max(fine_tune - scratch)       FILTER (dataset = $similar AND per_class = $small)    AS tuning,
           max(fine_tune - scratch)       FILTER (dataset = $dissimilar AND per_class = $small) AS tuning_apart,
           max(last_layer - scratch)      FILTER (dataset = $similar AND per_class = $small)    AS frozen_few,
           max(dense_layers - last_layer) FILTER (dataset = $similar AND per_class = $large)    AS more,
           max(dense_layers - last_layer) FILTER (dataset = $dissimilar AND per_class = $large) AS more_apart,
           max(last_layer - scratch)      FILTER (dataset = $similar AND per_class = $large)    AS frozen,
           max(last_layer - scratch)      FILTER (dataset = $dissimilar AND per_class = $large) AS frozen_apart,
           max(dense_layers - scratch)    FILTER (dataset = $dissimilar AND per_class = $large) AS low_apart
    FROM schemes
    GROUP BY ALL
), stated AS (
    SELECT source, source_steps, source_lr, preprocessing, network, init, activation, norm, depth, width, batch_size, optimizer, lr, steps,
           seed, evidence, unnest([
        {'number': 1, 'claim': 'with ' || $small || ' similar images per class, a new last layer on frozen ones beats scratch',
         'difference': frozen_few, 'threshold': 0.0::DOUBLE},
        {'number': 2, 'claim': 'with ' || $small || ' similar images per class, fine-tuning beats scratch',
         'difference': tuning, 'threshold': 0.0::DOUBLE},
        {'number': 3, 'claim': 'fine-tuning gains more on a similar target than on a dissimilar one',
         'difference': tuning - tuning_apart, 'threshold': 0.0::DOUBLE},
        {'number': 4, 'claim': 'with ' || $large || ' similar images per class, new dense layers beat a new last layer',
         'difference': more, 'threshold': 0.0::DOUBLE},
        {'number': 5, 'claim': 'with ' || $large || ' dissimilar images per class, new dense layers beat a new last layer',
         'difference': more_apart, 'threshold': 0.0::DOUBLE},
        {'number': 6, 'claim': 'high layers are specific: all frozen loses more on a dissimilar target',
         'difference': frozen - frozen_apart, 'threshold': 0.0::DOUBLE},
        {'number': 7, 'claim': 'low layers are general: frozen convolutions lose less than ' || $loss || ' on a dissimilar target',
         'difference': low_apart, 'threshold': -$loss}
    ], recursive := true)
    FROM by_seed
), judged AS (
    @judged_claims
)
SELECT *, @claim_verdict AS verdict
FROM judged
ORDER BY ALL
