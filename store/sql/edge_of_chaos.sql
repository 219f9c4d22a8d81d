-- The edge of chaos of an activation as a curve, χ₁ = 1, without normalization: a point for each variance q of the maps.
-- σw² = 1/D(q) and σb² = q − V(q)/D(q), where that is a variance; attracts tells whether deviations from q do not grow.
-- $activation VARCHAR = 'tanh': activation function
SELECT q, 1 / slope AS weight_variance, greatest(q - length / slope, 0) AS bias_variance,
       length_slope / slope <= 1 + 1e-9 AS attracts
FROM mean_field_maps
WHERE activation = $activation AND slope > 0 AND q - length / slope >= -1e-9 * q
ORDER BY q
