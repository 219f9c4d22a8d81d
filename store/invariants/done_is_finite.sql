-- A cell that is done has finite losses, finite statistics of its layers and sites, and something finite among its measurements; predictions and times are not checked.
SELECT cell_id, 'layer ' || layer AS place
FROM layers JOIN cells USING (cell_id)
WHERE status = 'done' AND NOT (isfinite(mean) AND isfinite(std) AND isfinite(rms) AND isfinite(min) AND isfinite(max)
                               AND isfinite(unit_std) AND isfinite(preact_std) AND isfinite(grad_rms)
                               AND isfinite(weight_grad_rms))
UNION ALL
SELECT cell_id, 'step ' || step
FROM curves JOIN cells USING (cell_id)
WHERE status = 'done' AND NOT (isfinite(train_loss) AND isfinite(test_loss))
UNION ALL
SELECT cell_id, 'measurements'
FROM measurements JOIN cells USING (cell_id) JOIN metrics ON metrics.name = quantity AND metrics.study = cells.study
WHERE status = 'done' AND part NOT LIKE 'theory%' AND unit <> 's'
GROUP BY cell_id
HAVING bool_and(NOT isfinite(value))
UNION ALL
SELECT cell_id, 'site ' || site
FROM taps JOIN cells USING (cell_id)
WHERE status = 'done' AND NOT (coalesce(frac_nonfinite, 0) = 0 AND isfinite(mean) AND isfinite(std) AND isfinite(rms))
