-- How far a single network of finite width strays from the prediction beside its measurements.

ALTER TABLE layers ADD COLUMN theory_std_band FLOAT;
ALTER TABLE layers ADD COLUMN theory_grad_band FLOAT;
COMMENT ON COLUMN layers.theory_std_band IS 'Predicted relative standard deviation of std from network to network, at this width and batch size, for independent normal weights; NULL where there is none.';
COMMENT ON COLUMN layers.theory_grad_band IS 'Predicted relative standard deviation of grad_rms from network to network, likewise; NULL where there is none.';
