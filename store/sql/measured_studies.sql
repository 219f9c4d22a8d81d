-- Which studies there are, with their cells and the quantities they measured.
SELECT study, count(DISTINCT cell_id) AS cells, count(DISTINCT seed) AS seeds,
       list_sort(list(DISTINCT quantity) FILTER (quantity IS NOT NULL)) AS quantities
FROM axes LEFT JOIN (SELECT DISTINCT cell_id, quantity FROM measurements) USING (cell_id)
GROUP BY study
ORDER BY study
