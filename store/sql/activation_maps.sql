-- The maps of mean-field theory, as numbers: expectations of activations over pre-activations of variance q.
-- One row per activation; the view mean_field_maps has a row for each q.
-- $activation VARCHAR = NULL: only this activation; NULL means all
SELECT activation, log_q, length, length_slope, slope, mean, variance, kurtosis, correlations
FROM activation_maps
WHERE $activation IS NULL OR activation = $activation
ORDER BY activation
