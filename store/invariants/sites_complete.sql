-- Each diagnosis that did not fail has one row about itself, sites in order, a tap at each of them, and layers that sites end.
WITH counted AS (
    SELECT cell_id, count(*) AS sites, min(site) AS first_site, max(site) AS last_site, count(layer) AS layers
    FROM sites GROUP BY cell_id
), tapped AS (
    SELECT cell_id, count(*) AS taps FROM taps SEMI JOIN sites USING (cell_id, site) GROUP BY cell_id
), all_taps AS (
    SELECT cell_id, count(*) AS taps_in_all FROM taps GROUP BY cell_id
), placed AS (
    SELECT cell_id, count(*) AS layers_at_sites FROM layers SEMI JOIN sites USING (cell_id, layer) GROUP BY cell_id
)
SELECT cell_id, sites, taps, layers, depth
FROM cells LEFT JOIN counted USING (cell_id) LEFT JOIN tapped USING (cell_id) LEFT JOIN all_taps USING (cell_id)
     LEFT JOIN placed USING (cell_id)
WHERE study = 'diagnosis' AND status <> 'failed'
  AND (sites IS NULL OR first_site <> 0 OR last_site <> sites - 1 OR taps IS DISTINCT FROM sites
       OR taps_in_all IS DISTINCT FROM sites OR layers <> depth OR coalesce(layers_at_sites, 0) <> depth
       OR cell_id NOT IN (SELECT cell_id FROM diagnoses))
UNION ALL
SELECT cell_id, NULL, NULL, NULL, NULL
FROM (SELECT cell_id FROM diagnoses UNION SELECT cell_id FROM sites UNION SELECT cell_id FROM parameters
      UNION SELECT cell_id FROM findings) JOIN cells USING (cell_id)
WHERE study <> 'diagnosis' OR status = 'failed'
