-- Which trained networks are nearest to a diagnosed one, and how their training ended.
-- One row per network and initialization, with the optimizer and the learning rate that were best for it; a diverged seed counts
-- as guessing there. distance is |ln(depth ratio)| + half of |ln(width ratio)| + 1 for each of activation, normalization and
-- residual branches that differs + half for convolutions that differ. The depth of a diagnosed network is that of its stream,
-- its width the median over the stream. nearest numbers the networks; differs says in words what is not the same.
-- $network VARCHAR: the diagnosed network
-- $farthest DOUBLE = 1.5: distance of the farthest network
-- $most INTEGER = 3: number of networks
WITH own AS (
    SELECT greatest(depth, 1) AS own_depth, greatest(coalesce(median(units), width), 1) AS own_width, activation AS own_activation,
           norm AS own_norm, bool_or(role = 'branch') AS own_residual, bool_or(site_kind = 'convolution') AS own_convolution
    FROM cells JOIN (SELECT cell_id, role, site_kind, CASE WHEN layer IS NOT NULL THEN
                     shape[CASE WHEN unit_axis < 0 THEN len(shape) ELSE 0 END + unit_axis + 1] END AS units FROM sites) USING (cell_id)
    -- All cells of a network have the same sites.
    WHERE cell_id = (SELECT min(cell_id) FROM cells WHERE study = 'diagnosis' AND network = $network AND status <> 'failed')
    GROUP BY depth, width, activation, norm
), trained AS (
    SELECT @configuration, count(*) AS seeds, count(*) FILTER (diverged) AS diverged,
           avg(trains::INTEGER) AS share_that_train,
           avg(final_test_accuracy) FILTER (isfinite(final_test_accuracy)) AS final_test_accuracy,
           avg(CASE WHEN NOT diverged AND isfinite(final_test_accuracy) THEN final_test_accuracy ELSE chance END) AS score
    FROM outcomes
    WHERE study = 'training' AND depth > 0
    GROUP BY @configuration
), best AS (
    SELECT *
    FROM trained
    QUALIFY row_number() OVER (PARTITION BY network, dataset, preprocessing, init, activation, norm, depth, width, batch_size,
                                            steps, study_axes ORDER BY score DESC, optimizer, lr) = 1
), compared AS (
    SELECT *, list_contains(string_split(own_activation, '+'), activation) AS same_activation,
           list_contains(string_split(own_norm, '+'), split_part(norm, '(', 1)) AS same_norm,
           starts_with(network, 'residual') = own_residual AS same_residual,
           starts_with(network, 'conv') = own_convolution AS same_convolution,
           abs(ln(depth / own_depth)) + abs(ln(width / own_width)) / 2 + (NOT same_activation)::INTEGER
               + (NOT same_norm)::INTEGER + (NOT same_residual)::INTEGER + (NOT same_convolution)::INTEGER / 2 AS distance
    FROM best, own
), numbered AS (
    SELECT *, dense_rank() OVER (ORDER BY distance, network, dataset, preprocessing, activation, norm, depth, width, batch_size,
                                          steps, study_axes) AS nearest
    FROM compared
    WHERE distance <= $farthest
)
SELECT nearest, @configuration, concat_ws('; ',
           CASE WHEN depth / own_depth NOT BETWEEN 1 / 1.1 AND 1.1 THEN printf('%.2g times as deep', depth / own_depth) END,
           CASE WHEN width / own_width NOT BETWEEN 1 / 1.1 AND 1.1 THEN printf('%.2g times as wide', width / own_width) END,
           CASE WHEN NOT same_activation THEN activation || ' instead of ' || own_activation END,
           CASE WHEN NOT same_norm THEN 'normalization ' || norm || ' instead of ' || own_norm END,
           CASE WHEN NOT same_residual THEN if(own_residual, 'no residual branches', 'residual branches') END,
           CASE WHEN NOT same_convolution THEN if(own_convolution, 'no convolutions', 'convolutions') END) AS differs,
       seeds, diverged, share_that_train, final_test_accuracy, distance
FROM numbered
WHERE nearest <= $most
ORDER BY nearest, score DESC, init
