-- Shares lie between 0 and 1; NaN occurs in diverged cells only.
WITH shares AS (
    SELECT cell_id, 'layer ' || layer AS place, unnest([frac_saturated, frac_zero, frac_dead_units]) AS share
    FROM layers
    UNION ALL
    SELECT cell_id, 'step ' || step, unnest([train_accuracy, test_accuracy])
    FROM curves
    UNION ALL
    SELECT cell_id, 'site ' || site, unnest([frac_zero, frac_dead_units, frac_saturated, frac_nonfinite])
    FROM taps
    UNION ALL
    SELECT cell_id, 'parameter ' || parameter, unnest([frac_nonfinite, equal_units])
    FROM parameters
)
SELECT cell_id, status, place, share
FROM shares JOIN cells USING (cell_id)
WHERE CASE WHEN isnan(share) THEN status <> 'diverged' ELSE share NOT BETWEEN 0 AND 1 END
