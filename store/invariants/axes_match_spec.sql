-- Every axis says what the spec says; of a scheme, its name.
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
)
SELECT cell_id, axis, held, said
FROM compared
WHERE CASE WHEN name IS NULL THEN held IS DISTINCT FROM said ELSE split_part(held, '(', 1) <> name END
