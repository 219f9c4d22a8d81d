-- When a network trains: what guessing gives, which the share of correct answers is measured from.

ALTER TABLE cells ADD COLUMN chance DOUBLE;
COMMENT ON COLUMN cells.chance IS 'Training: share of the most frequent class of the test split, which is the test accuracy of whoever guesses; NULL where nothing is classified or it was not recorded.';
