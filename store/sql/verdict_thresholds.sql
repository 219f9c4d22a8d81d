-- The numbers behind shares and verdicts.
SELECT name, value, meaning FROM thresholds ORDER BY name
