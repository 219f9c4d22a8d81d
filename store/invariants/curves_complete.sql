-- Each training cell that did not fail has a curve from step 0 to its last step, and no curve goes beyond its last step.
SELECT cell_id, steps, count(step) AS points, min(step) AS first_step, max(step) AS last_step
FROM cells LEFT JOIN curves USING (cell_id)
WHERE status <> 'failed'
GROUP BY cell_id, study, steps
HAVING (study = 'training' AND (points = 0 OR first_step <> 0 OR last_step <> steps)) OR first_step < 0
    OR last_step > steps
