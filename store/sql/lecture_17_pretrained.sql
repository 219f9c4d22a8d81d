-- L17, with weights from elsewhere: how much of a pretrained backbone should be trained, for how many images?
-- One row per backbone, target, shape of the new layers, evidence and claim, as lecture_17_claims has them. Accuracies are
-- paired by seed; where a scheme was trained at several rates or for several numbers of updates, theirs are averaged. A
-- claim holds when the whole 95 % confidence interval (Student's t) of the mean difference is above 0, does not hold when
-- none of it is, and is undecided in between. A diverged seed is left out.
-- $small INTEGER = 5: images per class of a small target set
-- $large INTEGER = 100: images per class of a large one
-- $selection INTEGER = 5: seeds below this one were used for selection
WITH schemes AS (
    SELECT network, dataset, preprocessing, init, activation, norm, depth, width, batch_size, optimizer, seed,
           study_numbers['per_class']::INTEGER AS per_class, part AS scheme,
           avg(value) FILTER (isfinite(value)) AS accuracy
    FROM measurements JOIN cells USING (cell_id)
    WHERE quantity = 'backbone_accuracy'
    GROUP BY ALL
), by_seed AS (
    SELECT * EXCLUDE (per_class, scheme, accuracy),
           CASE WHEN seed < $selection THEN 'selection' ELSE 'confirmation' END AS evidence,
           max(accuracy) FILTER (per_class = $small AND scheme = 'scratch')    AS scratch_few,
           max(accuracy) FILTER (per_class = $small AND scheme = 'last_layer') AS last_few,
           max(accuracy) FILTER (per_class = $small AND scheme = 'fine_tune')  AS tuned_few,
           max(accuracy) FILTER (per_class = $large AND scheme = 'scratch')    AS scratch_many,
           max(accuracy) FILTER (per_class = $large AND scheme = 'last_layer') AS last_many,
           max(accuracy) FILTER (per_class = $large AND scheme = 'fine_tune')  AS tuned_many
    FROM schemes
    GROUP BY ALL
), stated AS (
    SELECT * EXCLUDE (scratch_few, last_few, tuned_few, scratch_many, last_many, tuned_many), 0.0::DOUBLE AS threshold, unnest([
        {'number': 1, 'claim': 'with ' || $small || ' images per class, a new last layer on frozen ones beats scratch',
         'difference': last_few - scratch_few},
        {'number': 2, 'claim': 'with ' || $small || ' images per class, a new last layer on frozen ones beats fine-tuning',
         'difference': last_few - tuned_few},
        {'number': 3, 'claim': 'with ' || $large || ' images per class, fine-tuning beats a new last layer',
         'difference': tuned_many - last_many},
        {'number': 4, 'claim': 'with ' || $large || ' images per class, fine-tuning beats scratch',
         'difference': tuned_many - scratch_many},
        {'number': 5, 'claim': 'the more images, the more is gained by fine-tuning over a new last layer',
         'difference': (tuned_many - last_many) - (tuned_few - last_few)}
    ], recursive := true)
    FROM by_seed
), judged AS (
    @judged_claims
)
SELECT *, @claim_verdict AS verdict
FROM judged
ORDER BY network, dataset, preprocessing, init, activation, norm, depth, width, batch_size, optimizer, evidence, number
