-- What verdicts are made of: the total factor over the depth, and what counts as saturated.

-- Values up to the end of float32 are results, and what theory predicts for them, or beyond them, must fit as well.
ALTER TABLE layers ALTER theory_std TYPE DOUBLE;
ALTER TABLE layers ALTER theory_grad_rms TYPE DOUBLE;

COMMENT ON COLUMN layers.frac_saturated IS 'Share of activations that are saturated: from their pre-activation outwards the function has a limit, and its derivative stays below the saturation threshold times its largest value (see thresholds). Flat places that are no end, such as the minimum of GELU or the leak of leaky ReLU, do not count.';
COMMENT ON COLUMN layers.frac_zero IS 'Share of activations that are exactly zero; 1 in a dead layer.';

UPDATE thresholds SET meaning = 'A unit is saturated where its activation is flat from there to a limit: the derivative below this share of the largest one; for tanh this is |tanh| > 0.97.' WHERE name = 'saturation';
INSERT INTO thresholds VALUES
    ('factor_too_big', 100, 'A signal or gradient that is multiplied by more than this over the whole depth is too big.'),
    ('factor_too_small', 0.01, 'A signal or gradient that is multiplied by less than this over the whole depth is too small.');
