-- Training curves of chosen configurations, over seeds.
-- One row per metric, configuration and logged step. Mean, range and spread are over the seeds whose value is finite at that
-- step (finite counts them); diverged counts the seeds that had met a non-finite loss by then.
-- $metrics VARCHAR[] = ['test_accuracy']: of train_loss, train_accuracy, test_loss, test_accuracy, grad_norm, update_ratio
-- $most INTEGER = NULL: only the first so many configurations, in the order of the answer; NULL means all
-- @chosen_configurations
-- @pinned
WITH chosen AS (
    -- Curves are many: they are grouped by the number of their configuration, not by its texts.
    SELECT cell_id, diverged_at_step, @configuration, dense_rank() OVER (ORDER BY @configuration) AS number
    FROM cells
    WHERE study = 'training' AND status <> 'failed' AND (@chosen_configurations OR @pinned)
    QUALIFY $most IS NULL OR number <= $most OR @pinned
), summaries AS (
    SELECT metric, number, step,
           count(*) AS seeds, count(*) FILTER (diverged_at_step <= step) AS diverged,
           count(*) FILTER (isfinite(value)) AS finite,
           avg(value) FILTER (isfinite(value)) AS mean, min(value) FILTER (isfinite(value)) AS low,
           max(value) FILTER (isfinite(value)) AS high,
           coalesce(stddev_samp(value::DOUBLE) FILTER (isfinite(value)), 0) AS spread
    FROM (
        SELECT metric, number, step, diverged_at_step,
               CASE metric WHEN 'train_loss' THEN train_loss WHEN 'train_accuracy' THEN train_accuracy
                           WHEN 'test_loss' THEN test_loss WHEN 'test_accuracy' THEN test_accuracy
                           WHEN 'grad_norm' THEN grad_norm WHEN 'update_ratio' THEN update_ratio END AS value
        FROM curves JOIN chosen USING (cell_id), (SELECT DISTINCT unnest($metrics) AS metric)
        WHERE metric IN ('train_loss', 'train_accuracy', 'test_loss', 'test_accuracy', 'grad_norm', 'update_ratio')
    )
    GROUP BY ALL
)
SELECT metric, @configuration, step, seeds, diverged, finite, mean, low, high, spread
FROM summaries JOIN (SELECT DISTINCT number, @configuration FROM chosen) USING (number)
ORDER BY metric, number, step
