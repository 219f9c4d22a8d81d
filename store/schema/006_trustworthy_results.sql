-- What makes results trustworthy: predictions with their spread, every axis of a study, digests, and what guessing gives.

-- What theory says of untrained networks, beyond the standard deviations and gradients of layers.

ALTER TABLE layers ADD COLUMN theory_weight_grad_rms DOUBLE;
COMMENT ON COLUMN layers.theory_weight_grad_rms IS 'Mean-field prediction of weight_grad_rms in the limit of infinite width, for fully connected layers; NULL where there is none, as for theory_grad_rms.';
COMMENT ON COLUMN layers.theory_grad_rms IS 'Mean-field prediction of grad_rms in the limit of infinite width; NULL where there is none. With batch normalization, NULL where the sum of batch_size / width over all layers exceeds 1/4: networks of this width are then too far from the limit.';
COMMENT ON COLUMN layers.theory_std_band IS 'Predicted standard deviation of ln std from network to network, at this width and batch size, for independent normal weights. Networks are log-normal around the prediction, so 95 % lie between theory_std · exp(−band² − 1.96 band) and theory_std · exp(−band² + 1.96 band). NULL where there is none: where deviations are so large that they do not grow in proportion, and with batch normalization, in layers after the first, where the sum of batch_size / width over the layers so far exceeds 1/4.';
COMMENT ON COLUMN layers.theory_grad_band IS 'Predicted standard deviation of ln grad_rms from network to network, likewise; NULL where theory_grad_rms is, and with batch normalization of fewer than 10 examples.';

ALTER TABLE cells ADD COLUMN theory_first_loss DOUBLE;
COMMENT ON COLUMN cells.theory_first_loss IS 'Training: predicted cross-entropy before the first update, in nats, in the limit of infinite width: mean of log Σ exp over logits that are independent Gaussians, of the variance that the read-out gives them, and over the training split. ln(number of classes) only where the logits vanish. NULL where there is no theory of the network: convolutions, normalization over a batch, normalizations without a prediction, weights that are alike or fitted to data; where variances overflow float64; and where nothing is classified, or it was not recorded.';

-- What counts as saturated, and room for predictions beyond float32.

-- Values up to the end of float32 are results, and what theory predicts for them, or beyond them, must fit as well.
ALTER TABLE layers ALTER theory_std TYPE DOUBLE;
ALTER TABLE layers ALTER theory_grad_rms TYPE DOUBLE;

COMMENT ON COLUMN layers.frac_saturated IS 'Share of activations that are saturated: from their pre-activation outwards the function has a limit, and its derivative stays below the saturation threshold times its largest value (see thresholds). Flat regions that are not at an end, such as the minimum of GELU or the leak of leaky ReLU, do not count.';
COMMENT ON COLUMN layers.frac_zero IS 'Share of activations that are exactly zero; 1 in a dead layer.';

-- The axes that a study has beyond those of all studies; `store.study_axes` computes them from the spec.

ALTER TABLE cells ADD COLUMN study_axes MAP(VARCHAR, VARCHAR);
ALTER TABLE cells ADD COLUMN study_numbers MAP(VARCHAR, DOUBLE);
COMMENT ON COLUMN cells.study_axes IS 'The axes of this study that have no column of their own, by name, as text: study_axes[''scheme'']. Group by it, or by its entries; otherwise cells that differ there are averaged as if they were seeds. Empty where the study has none.';
COMMENT ON COLUMN cells.study_numbers IS 'The numeric entries of study_axes, to sort and compare by: study_numbers[''epochs''] > 2.';

-- What a snapshot took in can be recognized: the digest of each journal entry.

ALTER TABLE journal_entries ADD COLUMN digest VARCHAR;
COMMENT ON COLUMN journal_entries.digest IS 'SHA-256, in hexadecimal digits, of the list of digests of the files of the entry; NULL where the entry is older than these lists and no longer in the journal.';

-- When a network trains: what guessing gives, which the share of correct answers is measured from.

ALTER TABLE cells ADD COLUMN chance DOUBLE;
COMMENT ON COLUMN cells.chance IS 'Training: share of the most frequent class of the test split, which is the test accuracy of guessing; NULL where nothing is classified or it was not recorded.';
