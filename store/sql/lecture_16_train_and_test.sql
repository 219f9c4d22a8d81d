-- L16, batch norm behaves differently in training and testing: what does the wrong mode cost, by batch size?
-- One row per configuration and batch size. Test accuracies: in the right mode (running statistics), in training mode
-- (batch statistics), in training mode on batches of a single class each, and in the right mode after such batches have
-- passed in training mode. cost is right minus wrong mode, sorted_cost right mode minus batches of a single class, paired
-- by seed. Distances of a training batch's statistics from the running ones are in units of the running standard deviation,
-- over the layers; sampling_distance is what the mean of independent examples would be away from the true one: running
-- statistics that are much farther away lag behind. Each margin is half of a 95 %
-- confidence interval (Student's t) of the mean over seeds. A diverged seed is left out and counted.
-- $dataset VARCHAR = NULL: only this data set; NULL means all
WITH by_seed AS (
    SELECT dataset, preprocessing, network, init, activation, norm, depth, width, optimizer, study_numbers['lr_per_example'] AS lr_per_example,
           study_numbers['epochs']::INTEGER AS epochs, batch_size, seed,
           status <> 'diverged'                                          AS finite,
           max(value) FILTER (finite AND part = 'running statistics')    AS right_mode,
           max(value) FILTER (finite AND part = 'batch statistics')      AS wrong_mode,
           max(value) FILTER (part = 'batch statistics, sorted')         AS sorted,
           max(value) FILTER (part = 'running statistics, spoilt')       AS spoilt,
           sqrt(avg(value ^ 2) FILTER (quantity = 'mean_distance'))      AS mean_distance,
           sqrt(avg(value ^ 2) FILTER (quantity = 'std_distance'))       AS std_distance
    FROM measurements JOIN cells USING (cell_id)
    WHERE study = 'discrepancy' AND norm <> 'none' AND ($dataset IS NULL OR dataset = $dataset)
    GROUP BY ALL
)
SELECT dataset, preprocessing, network, init, activation, norm, depth, width, optimizer, lr_per_example, epochs, batch_size,
       count(*) FILTER (finite) AS seeds, count(*) FILTER (NOT finite) AS left_out,
       avg(right_mode) AS right_mode,
       @margin(right_mode) AS right_mode_margin,
       avg(wrong_mode) AS wrong_mode,
       @margin(wrong_mode) AS wrong_mode_margin,
       avg(right_mode - wrong_mode) AS cost,
       @margin(right_mode - wrong_mode) AS cost_margin,
       avg(right_mode - sorted) FILTER (finite) AS sorted_cost,
       @margin(CASE WHEN finite THEN right_mode - sorted END) AS sorted_cost_margin,
       avg(sorted) FILTER (finite) AS sorted, avg(spoilt) FILTER (finite) AS spoilt,
       avg(mean_distance) FILTER (finite) AS mean_distance, avg(std_distance) FILTER (finite) AS std_distance,
       1 / sqrt(batch_size) AS sampling_distance
FROM by_seed
GROUP BY ALL
ORDER BY ALL
