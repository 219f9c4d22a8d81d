-- The views of a store: derived, hence recreated with every snapshot and never migrated.
-- A view's column takes the comment of the table column of the same name; the rest are commented here.

CREATE OR REPLACE VIEW axes AS
SELECT cell_id, study, network, dataset, preprocessing, init, activation, norm, depth, width, batch_size,
       optimizer, lr, steps, seed, study_axes, study_numbers
FROM cells;
COMMENT ON VIEW axes IS 'The axes of every cell, without results.';

CREATE OR REPLACE VIEW activation_stats AS
SELECT axes.*, layer, sigma_w, mean, std, rms, min, max, frac_saturated, frac_zero, frac_dead_units, unit_std,
       preact_std, theory_std, theory_std_band
FROM layers JOIN axes USING (cell_id);
COMMENT ON VIEW activation_stats IS 'Forward statistics of each layer of each propagation cell and of each diagnosed network, with all axes.';

CREATE OR REPLACE VIEW gradient_stats AS
SELECT axes.*, layer, grad_rms, weight_grad_rms, theory_grad_rms, theory_grad_band,
       theory_weight_grad_rms
FROM layers JOIN axes USING (cell_id);
COMMENT ON VIEW gradient_stats IS 'Backward statistics of each layer of each propagation cell and of each diagnosed network, with all axes.';

CREATE OR REPLACE VIEW histograms AS
SELECT axes.*, layer, tap, lo, hi, counts, underflow, overflow, nonfinite
FROM layer_histograms JOIN axes USING (cell_id);
COMMENT ON VIEW histograms IS 'Histogram of each tap of each layer of each propagation cell and of each diagnosed network, with all axes.';

CREATE OR REPLACE VIEW convergence AS
SELECT axes.*, step, train_loss, train_accuracy, test_loss, test_accuracy, grad_norm, update_ratio
FROM curves JOIN axes USING (cell_id);
COMMENT ON VIEW convergence IS 'Training curves of each training cell, with all axes.';

CREATE OR REPLACE VIEW quantities AS
SELECT axes.*, quantity, part, position, value
FROM measurements JOIN axes USING (cell_id);
COMMENT ON VIEW quantities IS 'What each cell of a study measured beyond layers and curves, with all axes; metrics explains each quantity.';

CREATE OR REPLACE VIEW mean_field_maps AS
SELECT activation, exp(unnest(log_q)) AS q, unnest(log_q) AS log_q, unnest(length) AS length,
       unnest(length_slope) AS length_slope, unnest(slope) AS slope, unnest(mean) AS mean, unnest(variance) AS variance,
       unnest(kurtosis) AS kurtosis,
       unnest(CASE WHEN len(correlations) > 0 THEN correlations ELSE [NULL]::DOUBLE[][] END) AS correlations
FROM activation_maps;
COMMENT ON VIEW mean_field_maps IS 'The rows of activation_maps by the variance of the pre-activations: expectations of each activation over N(0, q).';
COMMENT ON COLUMN mean_field_maps.q IS 'Variance of the pre-activations that the activation sees.';

CREATE OR REPLACE VIEW site_stats AS
SELECT axes.*, site, label, module_name, operation, site_kind, role, layer, site_activation, shape, fan_in, fan_out,
       taps.mean, taps.std, taps.rms, taps.min, taps.max, frac_zero, frac_dead_units, frac_saturated, frac_nonfinite, unit_std,
       similarity, theory_rms, grad_rms
FROM taps JOIN sites USING (cell_id, site) JOIN axes USING (cell_id);
COMMENT ON VIEW site_stats IS 'Statistics of every site of each diagnosed network, with names and all axes.';

CREATE OR REPLACE VIEW parameter_stats AS
SELECT axes.*, parameter, name, part, shape, fan_in, fan_out, trained, used, connected, treated, got_gradient,
       mean, std, rms, magnitude, frac_nonfinite, equal_units, grad_rms, update_ratio
FROM parameters JOIN axes USING (cell_id);
COMMENT ON VIEW parameter_stats IS 'The parameters of each diagnosed network before any step, and their gradients, with all axes.';

CREATE OR REPLACE VIEW diagnosis_findings AS
SELECT axes.*, rule, severity, place, measured, threshold, why, remedy, code
FROM findings JOIN axes USING (cell_id);
COMMENT ON VIEW diagnosis_findings IS 'What the rules find wrong with each diagnosed network, with all axes.';

CREATE OR REPLACE VIEW outcomes AS
WITH summary AS (
    SELECT cell_id,
           any_value(train_loss) FILTER (step = 0)             AS first_train_loss,
           arg_max(train_loss, step)                           AS final_train_loss,
           arg_max(train_accuracy, step)                       AS final_train_accuracy,
           arg_max(test_accuracy, step)                        AS final_test_accuracy,
           max(test_accuracy) FILTER (isfinite(test_accuracy)) AS best_test_accuracy,
           min(step) FILTER (isfinite(test_accuracy) AND test_accuracy >= 0.90) AS steps_to_90
    FROM curves
    GROUP BY cell_id
), ends AS (
    SELECT cell_id, status = 'diverged' AS diverged, diverged_at_step, theory_first_loss,
           coalesce(chance, (SELECT value FROM thresholds WHERE name = 'chance')) AS chance
    FROM cells
)
SELECT axes.*, final_train_loss, final_train_accuracy, final_test_accuracy, best_test_accuracy, steps_to_90,
       diverged, diverged_at_step, chance, first_train_loss, theory_first_loss,
       NOT diverged AND coalesce(isfinite(final_test_accuracy), false) AND final_test_accuracy
           >= (chance + (SELECT value FROM thresholds WHERE name = 'trains') * (1 - chance))::FLOAT AS trains
FROM summary JOIN axes USING (cell_id) JOIN ends USING (cell_id);
COMMENT ON VIEW outcomes IS 'How each training cell ended, with all axes.';
COMMENT ON COLUMN outcomes.final_train_loss IS 'Cross-entropy in nats, mean over the minibatches since the penultimate logged step, in training mode; not the loss after the last update.';
COMMENT ON COLUMN outcomes.final_train_accuracy IS 'Share of correct predictions over the minibatches since the penultimate logged step; not the accuracy after the last update.';
COMMENT ON COLUMN outcomes.final_test_accuracy IS 'Test accuracy after the last update.';
COMMENT ON COLUMN outcomes.best_test_accuracy IS 'Highest finite test accuracy at any logged step; NULL when none was finite.';
COMMENT ON COLUMN outcomes.steps_to_90 IS 'First logged step with a test accuracy of at least 0.90; NULL when never reached.';
COMMENT ON COLUMN outcomes.diverged IS 'Whether a non-finite loss was met.';
COMMENT ON COLUMN outcomes.chance IS 'Test accuracy of guessing: cells.chance, or the threshold chance where a cell does not record it.';
COMMENT ON COLUMN outcomes.first_train_loss IS 'Cross-entropy of the first minibatch before the first update, in nats, in training mode; NULL where it was not logged.';
COMMENT ON COLUMN outcomes.trains IS 'Whether the network trains: the loss stayed finite and final_test_accuracy is at least chance + the threshold trains × (1 − chance). Queries and pages use this definition.';

CREATE OR REPLACE VIEW signal_rates AS
WITH extent AS (
    SELECT cell_id, depth, width, depth - greatest(depth // 2, 1) AS ratios FROM cells
    WHERE study IN ('propagation', 'diagnosis')
), ends AS (
    SELECT extent.cell_id, ratios,
           max(CASE WHEN layer = depth THEN std END)               AS std_last,
           max(CASE WHEN layer = depth - ratios THEN std END)      AS std_middle,
           max(CASE WHEN layer = 1 THEN std END)                   AS std_first,
           max(CASE WHEN layer = depth THEN grad_rms END)          AS grad_last,
           max(CASE WHEN layer = depth - ratios THEN grad_rms END) AS grad_middle,
           max(CASE WHEN layer = 1 THEN grad_rms END)              AS grad_first,
           -- A single unit has no other that it could be like.
           any_value(width) > 1
               AND bool_and(unit_std <= (SELECT value FROM thresholds WHERE name = 'alike') * rms) AS alike,
           bool_or(frac_dead_units = 1 OR frac_zero = 1)           AS dead
    FROM layers JOIN extent USING (cell_id)
    GROUP BY ALL
), rates AS (
    SELECT cell_id, alike, dead,
           CASE WHEN ratios = 0 THEN NULL WHEN std_last = 0 THEN 0
                ELSE pow(std_last::DOUBLE / std_middle, 1.0 / ratios) END   AS forward_rate,
           CASE WHEN ratios = 0 THEN NULL WHEN grad_middle = 0 THEN 0
                ELSE pow(grad_middle::DOUBLE / grad_last, 1.0 / ratios) END AS backward_rate,
           CASE WHEN ratios = 0 THEN NULL WHEN std_last = 0 THEN 0
                ELSE std_last::DOUBLE / std_first END                       AS forward_factor,
           CASE WHEN ratios = 0 THEN NULL WHEN grad_first = 0 THEN 0
                ELSE grad_first::DOUBLE / grad_last END                     AS backward_factor
    FROM ends
)
SELECT axes.*, forward_rate, backward_rate, forward_factor, backward_factor,
       CASE WHEN cells.status = 'diverged' THEN 'diverged'
            WHEN dead THEN 'dead'
            WHEN alike THEN 'symmetric'
            WHEN greatest(forward_rate, backward_rate) > (SELECT value FROM thresholds WHERE name = 'too_big')
                THEN 'too big'
            WHEN least(forward_rate, backward_rate) < (SELECT value FROM thresholds WHERE name = 'too_small')
                THEN 'too small'
            WHEN greatest(forward_factor, backward_factor) > (SELECT value FROM thresholds WHERE name = 'factor_too_big')
                THEN 'too big'
            WHEN least(forward_factor, backward_factor) < (SELECT value FROM thresholds WHERE name = 'factor_too_small')
                THEN 'too small'
            WHEN forward_rate IS NOT NULL THEN 'just right' END AS verdict
FROM rates JOIN axes USING (cell_id) JOIN cells USING (cell_id);
COMMENT ON VIEW signal_rates IS 'Growth of signal and gradient in each propagation cell and each diagnosed network, per layer over the deeper half of the layers and in total over the depth, with the verdict.';
COMMENT ON COLUMN signal_rates.forward_rate IS 'Geometric mean of std(l+1)/std(l) over the deeper half of the layers; 1 means preserved, NULL for a single layer.';
COMMENT ON COLUMN signal_rates.backward_rate IS 'Geometric mean of grad_rms(l)/grad_rms(l+1) over the deeper half of the layers; 1 means preserved, NULL for a single layer.';
COMMENT ON COLUMN signal_rates.forward_factor IS 'Total factor over the depth: std of the last layer divided by that of the first; 1 means preserved, NULL for a single layer.';
COMMENT ON COLUMN signal_rates.backward_factor IS 'Total factor over the depth: grad_rms of the first layer divided by that of the last; 1 means preserved, NULL for a single layer.';
COMMENT ON COLUMN signal_rates.verdict IS 'The first that holds of: diverged (a value is not finite), dead (in some layer every unit is zero, or has derivative zero, on every example), symmetric (all units alike in every layer), too big or too small (a rate, then a total factor, beyond its threshold; see thresholds), just right; NULL for a single healthy layer.';
