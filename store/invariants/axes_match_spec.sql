-- Every axis has the value in the spec, axes of the study included; for a scheme, its name.
WITH axes AS (
    SELECT cell_id, spec, unnest([
        {axis: 'study', held: study},
        {axis: 'network', held: network},
        {axis: 'dataset', held: dataset},
        {axis: 'preprocessing', held: preprocessing},
        {axis: 'init', held: init},
        {axis: 'activation', held: activation},
        {axis: 'norm', held: norm},
        {axis: 'optimizer', held: optimizer},
        {axis: 'depth', held: depth::VARCHAR},
        {axis: 'width', held: width::VARCHAR},
        {axis: 'batch_size', held: batch_size::VARCHAR},
        {axis: 'steps', held: steps::VARCHAR},
        {axis: 'seed', held: seed::VARCHAR}
    ], recursive := true)
    FROM cells
), compared AS (
    SELECT cell_id, axis, held, spec->>('$.' || axis) AS said, spec->>('$.' || axis || '.name') AS name
    FROM axes
    UNION ALL
    SELECT cell_id, 'lr', lr::VARCHAR, (spec->>'$.lr')::DOUBLE::VARCHAR, NULL
    FROM cells
), of_study AS (
    SELECT cell_id, member.key AS axis, member.value ->> '$' AS said, member.value ->> '$.name' AS name, type, true AS in_spec
    FROM cells, json_each(spec) AS member
    WHERE member.key NOT IN (SELECT axis FROM compared)
), of_study_held AS (
    SELECT cell_id, unnest(map_keys(study_axes)) AS axis, unnest(map_values(study_axes)) AS held, study_numbers,
           true AS in_map
    FROM cells
)
SELECT cell_id, axis, held, said
FROM compared
WHERE CASE WHEN name IS NULL THEN held IS DISTINCT FROM said ELSE regexp_extract(held, '^[^(@]*') <> name END
UNION ALL
SELECT cell_id, axis, held, said
FROM of_study FULL JOIN of_study_held USING (cell_id, axis)
WHERE in_spec IS NULL OR in_map IS NULL
   OR CASE WHEN name IS NULL THEN held IS DISTINCT FROM said ELSE regexp_extract(held, '^[^(@]*') <> name END
   OR study_numbers[axis] IS DISTINCT FROM (CASE WHEN type IN ('BIGINT', 'UBIGINT', 'DOUBLE') THEN said::DOUBLE END)
