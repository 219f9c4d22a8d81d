-- When a network trains: what guessing gives, which the share of correct answers is measured from.

ALTER TABLE cells ADD COLUMN chance DOUBLE;
COMMENT ON COLUMN cells.chance IS 'Training: share of the most frequent class of the test split, which is the test accuracy of whoever guesses; NULL where nothing is classified or it was not recorded.';

INSERT INTO thresholds (name, value, meaning) VALUES
    ('trains', 0.5, 'A network trains when its loss stays finite and its final test accuracy is at least this share of the way from guessing to 1.'),
    ('chance', 0.1, 'What guessing gives where a cell does not say it: the test accuracy with ten equally frequent classes.');
