-- $networks VARCHAR[] = NULL: only these networks; NULL means all
-- $datasets VARCHAR[] = NULL: only these data sets; NULL means all
-- $preprocessings VARCHAR[] = NULL: only these preprocessings; NULL means all
-- $inits VARCHAR[] = NULL: only these initializations; NULL means all
-- $activations VARCHAR[] = NULL: only these activations; NULL means all
-- $norms VARCHAR[] = NULL: only these normalizations; NULL means all
-- $depths INTEGER[] = NULL: only these depths; NULL means all
-- $widths INTEGER[] = NULL: only these widths; NULL means all
-- $batch_sizes INTEGER[] = NULL: only these batch sizes; NULL means all
-- $optimizers VARCHAR[] = NULL: only these optimizers; NULL means all
-- $lrs DOUBLE[] = NULL: only these learning rates; NULL means all
-- $step_counts INTEGER[] = NULL: only these numbers of updates; NULL means all
-- $study_values VARCHAR[] = NULL: of the axes of the study alone only these values, each as 'axis=value'; an axis that is not named keeps all
($networks IS NULL OR list_contains($networks, network))
      AND ($datasets IS NULL OR list_contains($datasets, dataset))
      AND ($preprocessings IS NULL OR list_contains($preprocessings, preprocessing))
      AND ($inits IS NULL OR list_contains($inits, init))
      AND ($activations IS NULL OR list_contains($activations, activation))
      AND ($norms IS NULL OR list_contains($norms, norm))
      AND ($depths IS NULL OR list_contains($depths, depth))
      AND ($widths IS NULL OR list_contains($widths, width))
      AND ($batch_sizes IS NULL OR list_contains($batch_sizes, batch_size))
      AND ($optimizers IS NULL OR list_contains($optimizers, optimizer))
      AND ($lrs IS NULL OR list_contains($lrs, lr))
      AND ($step_counts IS NULL OR list_contains($step_counts, steps))
      AND ($study_values IS NULL OR len([axis FOR axis IN map_entries(study_axes) IF list_contains([split_part(one, '=', 1) FOR one IN $study_values], axis.key) AND NOT list_contains($study_values, concat(axis.key, '=', axis.value))]) = 0)
