-- What counts as saturated, and room for predictions beyond float32.

-- Values up to the end of float32 are results, and what theory predicts for them, or beyond them, must fit as well.
ALTER TABLE layers ALTER theory_std TYPE DOUBLE;
ALTER TABLE layers ALTER theory_grad_rms TYPE DOUBLE;

COMMENT ON COLUMN layers.frac_saturated IS 'Share of activations that are saturated: from their pre-activation outwards the function has a limit, and its derivative stays below the saturation threshold times its largest value (see thresholds). Flat places that are no end, such as the minimum of GELU or the leak of leaky ReLU, do not count.';
COMMENT ON COLUMN layers.frac_zero IS 'Share of activations that are exactly zero; 1 in a dead layer.';
