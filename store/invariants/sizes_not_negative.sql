-- Losses, norms and standard deviations are not negative.
WITH sizes AS (
    SELECT cell_id, 'layer ' || layer AS place,
           least(std, rms, unit_std, preact_std, grad_rms, weight_grad_rms, theory_std, theory_grad_rms) AS smallest
    FROM layers
    UNION ALL
    SELECT cell_id, 'step ' || step, least(train_loss, test_loss, grad_norm, update_ratio)
    FROM curves
    UNION ALL
    SELECT cell_id, 'site ' || site, least(std, rms, unit_std, grad_rms, theory_rms)
    FROM taps
    UNION ALL
    SELECT cell_id, 'parameter ' || parameter, least(std, rms, magnitude, grad_rms, update_ratio)
    FROM parameters
)
SELECT cell_id, place, smallest FROM sizes WHERE smallest < 0
