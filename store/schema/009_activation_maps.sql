-- What mean-field theory needs of an activation, as numbers: readers follow lengths, gradients and correlations from layer to layer
-- without the engine.

CREATE TABLE activation_maps (
    activation    VARCHAR NOT NULL,
    log_q         DOUBLE[] NOT NULL,
    length        DOUBLE[] NOT NULL,
    length_slope  DOUBLE[] NOT NULL,
    slope         DOUBLE[] NOT NULL,
    mean          DOUBLE[] NOT NULL,
    variance      DOUBLE[] NOT NULL,
    kurtosis      DOUBLE[] NOT NULL,
    correlations  DOUBLE[][] NOT NULL
);
COMMENT ON TABLE activation_maps IS 'Expectations of each activation φ over pre-activations z ~ N(0, q), for ascending q; the view mean_field_maps has a row for each q. Theory follows from them: q of a layer is σw² V(q of the layer before) + σb², χ(q) = σw² D(q), and behind a normalization over the units of each example φ sees q/(q + eps).';
COMMENT ON COLUMN activation_maps.activation IS 'The activation, as in cells.activation.';
COMMENT ON COLUMN activation_maps.log_q IS 'Natural logarithm of the variance q of the pre-activations, evenly spaced.';
COMMENT ON COLUMN activation_maps.length IS 'V(q) = E φ(z)², for each q.';
COMMENT ON COLUMN activation_maps.length_slope IS 'V′(q), the derivative of V, for each q.';
COMMENT ON COLUMN activation_maps.slope IS 'D(q) = E φ′(z)², for each q.';
COMMENT ON COLUMN activation_maps.mean IS 'M(q) = E φ(z), for each q.';
COMMENT ON COLUMN activation_maps.variance IS 'Var φ(z) = V − M², for each q; its root is the standard deviation of the activations.';
COMMENT ON COLUMN activation_maps.kurtosis IS 'E φ(z)⁴ / V², for each q: less 1 and divided by the width, the relative variance of V in a layer of finite width.';
COMMENT ON COLUMN activation_maps.correlations IS 'E φ(z_a)φ(z_b) / V for two pre-activations of variance q with correlation cos θ, for each q and then each of 25 angles θ = (1 − cos(π j/24))·π/4, j = 0 … 24: from equal ones to independent ones. Lists are empty for activations of plugins.';

-- What theory must know of a normalization.

ALTER TABLE schemes ADD COLUMN normalizes VARCHAR;
ALTER TABLE schemes ADD COLUMN eps DOUBLE;
COMMENT ON COLUMN schemes.normalizes IS 'Normalizations: over what, as mean-field theory sees it: nothing, units (of each example) or batch. NULL for other kinds, where no theory is known, and where an engine from before this column wrote the card.';
COMMENT ON COLUMN schemes.eps IS 'Normalizations: what is usually added to the variance before its root is taken; NULL like normalizes.';
