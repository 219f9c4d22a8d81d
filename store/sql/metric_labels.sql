-- Axis title, unit and meaning of each measured column.
SELECT name, label, unit, meaning, better, study, position FROM metrics ORDER BY name
