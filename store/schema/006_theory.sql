-- What theory says of untrained networks, beyond the standard deviations and gradients of layers.

COMMENT ON COLUMN layers.theory_std_band IS 'Predicted standard deviation of ln std from network to network, at this width and batch size, for independent normal weights. Networks are log-normal around the prediction, so 95 % lie between theory_std · exp(−band² − 1.96 band) and theory_std · exp(−band² + 1.96 band). NULL where there is no prediction, where deviations are so large that they do not grow in proportion, and with batch normalization where the batch is too large for the width and depth (see the card of batch).';
COMMENT ON COLUMN layers.theory_grad_band IS 'Predicted standard deviation of ln grad_rms from network to network, likewise.';
