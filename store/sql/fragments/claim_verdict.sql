-- What becomes of a claim that a mean is above a threshold, from the columns mean, margin (half of its interval) and threshold.
CASE WHEN mean - margin > threshold THEN 'holds' WHEN mean + margin <= threshold THEN 'does not hold' ELSE 'undecided' END
