-- Rows #1 with a variance q, and the maps of an activation, with what mean-field theory makes of a layer of that q: the variance
-- s that φ sees, and reach = σw² V(s), spread = Var φ(s), steepness = D(s), by the polynomial through the ten rows of the
-- maps around ln s. Beyond them, by so many units of ln s, counts the last row. weights are those of rows from origin on.
(SELECT *, $sigma_w ** 2 * @expectation(lengths) AS reach, @expectation(variances) AS spread, @expectation(slopes) AS steepness
 FROM (SELECT *, list_transform(raw, lambda one: one / list_sum(raw)) AS weights
 FROM (SELECT *, CASE WHEN beyond <> 0 THEN [1.0]
                      WHEN place = floor(place) THEN list_transform(range(10), lambda j: CASE WHEN origin + j = place THEN 1.0 ELSE 0.0 END)
                      ELSE list_transform(binomials, lambda one, j: one / (place - origin - j + 1)) END AS raw
 FROM (SELECT *, (place - least(greatest(place, 0), count - 1)) * step AS beyond,
              CASE WHEN beyond < 0 THEN 0 WHEN beyond > 0 THEN count - 1
                   ELSE least(greatest(floor(place)::INTEGER - 4, 0), count - 10) END AS origin
 FROM (SELECT *, (ln(s) - low) / step AS place
 FROM (SELECT *, CASE WHEN $normalizes = 'nothing' THEN q ELSE q / (q + $eps) END AS s FROM #1, maps))))))
