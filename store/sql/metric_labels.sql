-- What each measured column is called on an axis, and in which unit.
SELECT name, label, unit, meaning, better, study, position FROM metrics ORDER BY name
