-- What theory expects at the sites of a network of one's own.

ALTER TABLE taps ADD COLUMN theory_rms DOUBLE;
COMMENT ON COLUMN taps.theory_rms IS 'Root mean square that theory expects where independent weights of random signs meet this batch; NULL where there is no theory, as behind pooling, gates and products of signals.';
