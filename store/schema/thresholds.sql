-- The numbers behind shares and verdicts: derived, hence written anew with every snapshot and never migrated.

DELETE FROM thresholds;
INSERT INTO thresholds (name, value, meaning) VALUES
    ('too_big', 1.25, 'A signal rate per layer above this is too big.'),
    ('too_small', 0.8, 'A signal rate per layer below this is too small.'),
    ('alike', 1e-4, 'Units are alike when unit_std is at most this share of rms, in every layer.'),
    ('factor_too_big', 100, 'A signal or gradient that is multiplied by more than this over the whole depth is too big.'),
    ('factor_too_small', 0.01, 'A signal or gradient that is multiplied by less than this over the whole depth is too small.'),
    ('saturation', 0.0591, 'A unit is saturated where its activation is flat from there to a limit: the derivative below this share of the largest one; for tanh this is |tanh| > 0.97.'),
    ('trains', 0.5, 'A network trains when its loss stays finite and its final test accuracy is at least this share of the way from guessing to 1.'),
    ('chance', 0.1, 'Accuracy of guessing where a cell does not record it: the test accuracy with ten equally frequent classes.');
