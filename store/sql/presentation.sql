-- How people see the members of the engine: in which order, in which colour, under which name.
-- One row per member, and per part of a quantity that is always the same. rank ascends among those of a kind, and is NULL for
-- those that come last; colour is NULL where it follows from the name; alike says of an initialization whether all weights of a
-- layer are alike. A store whose cards an engine from before these columns wrote has the values that its members had then.
WITH earlier AS (
    FROM @earlier_cards
)
SELECT kind, name, CASE WHEN schemes.label IS NULL THEN earlier.rank ELSE schemes.rank END AS rank,
       CASE WHEN schemes.label IS NULL THEN earlier.colour ELSE schemes.colour END AS colour,
       coalesce(schemes.label, earlier.label, CASE kind WHEN 'normalization' THEN name || ' norm' ELSE name END) AS label,
       CASE kind WHEN 'initializer' THEN coalesce(schemes.alike, earlier.alike, false) END AS alike
FROM schemes FULL JOIN earlier USING (kind, name)
ORDER BY kind, name
