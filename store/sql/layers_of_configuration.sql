-- Layer statistics of untrained networks with one initialization, activation and normalization, nearest in shape.
-- One row per layer, averaged over seeds, of the measured network whose depth and then width is nearest.
-- $init VARCHAR = 'xavier': initialization
-- $activation VARCHAR = 'tanh': activation function
-- $norm VARCHAR = 'none': normalization
-- $depth INTEGER = 6: hidden layers wanted
-- $width INTEGER = 64: units per layer wanted
WITH shapes AS (
    SELECT network, dataset, preprocessing, depth, width, batch_size
    FROM cells
    WHERE study = 'propagation' AND status <> 'failed' AND init = $init AND activation = $activation AND norm = $norm
    GROUP BY network, dataset, preprocessing, depth, width, batch_size
    ORDER BY abs(ln(depth / $depth)), abs(ln(width / $width)), network, dataset, preprocessing, batch_size
    LIMIT 1
)
SELECT network, dataset, preprocessing, depth, width, batch_size, layer, count(*) AS seeds,
       any_value(sigma_w) AS sigma_w,
       avg(std) FILTER (isfinite(std)) AS std, avg(theory_std) AS theory_std,
       avg(theory_std_band) AS theory_std_band,
       avg(@theory_low(theory_std, theory_std_band)) AS theory_std_low, avg(@theory_high(theory_std, theory_std_band)) AS theory_std_high, count(*) FILTER (NOT isfinite(std)) AS std_overflowed,
       avg(grad_rms) FILTER (isfinite(grad_rms)) AS grad_rms, avg(theory_grad_rms) AS theory_grad_rms,
       avg(theory_grad_band) AS theory_grad_band,
       avg(@theory_low(theory_grad_rms, theory_grad_band)) AS theory_grad_low, avg(@theory_high(theory_grad_rms, theory_grad_band)) AS theory_grad_high, count(*) FILTER (NOT isfinite(grad_rms)) AS grad_rms_overflowed
FROM layers JOIN cells USING (cell_id) JOIN shapes USING (network, dataset, preprocessing, depth, width, batch_size)
WHERE study = 'propagation' AND init = $init AND activation = $activation AND norm = $norm
GROUP BY ALL
ORDER BY layer
