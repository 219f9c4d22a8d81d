-- Which values each axis has among the cells of a study.
-- One row; every column is a list, so that a choice among them can be offered. study_values has those of the axes that
-- the study alone has, each as 'axis=value'.
-- $study VARCHAR = 'training': name of the study
SELECT count(*) AS cells, count(DISTINCT seed) AS seeds,
       list_sort(list(DISTINCT network)) AS networks, list_sort(list(DISTINCT dataset)) AS datasets,
       list_sort(list(DISTINCT preprocessing)) AS preprocessings, list_sort(list(DISTINCT init)) AS inits,
       list_sort(list(DISTINCT activation)) AS activations, list_sort(list(DISTINCT norm)) AS norms,
       list_sort(list(DISTINCT depth)) AS depths, list_sort(list(DISTINCT width)) AS widths,
       list_sort(list(DISTINCT batch_size)) AS batch_sizes,
       list_sort(list(DISTINCT optimizer) FILTER (optimizer IS NOT NULL)) AS optimizers,
       list_sort(list(DISTINCT lr) FILTER (lr IS NOT NULL)) AS lrs,
       list_sort(list(DISTINCT steps) FILTER (steps IS NOT NULL)) AS step_counts,
       coalesce(list_sort(list_distinct(flatten(list([concat(axis.key, '=', axis.value) FOR axis IN map_entries(study_axes)])))), [])
           AS study_values
FROM cells
WHERE study = $study AND status <> 'failed'
