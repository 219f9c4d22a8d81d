-- Statuses, taps, quantities, severities, verdicts, kinds and roles have one of the values listed in their comments.
SELECT 'cells.status' AS place, cell_id AS row_name, status AS found
FROM cells WHERE status NOT IN ('done', 'diverged', 'failed')
UNION ALL
SELECT 'runs.status', run_id, status
FROM runs WHERE status NOT IN ('running', 'done', 'failed', 'interrupted', 'killed')
UNION ALL
SELECT 'layer_histograms.tap', cell_id, tap
FROM layer_histograms WHERE tap NOT IN ('pre', 'act', 'grad')
UNION ALL
SELECT 'measurements.quantity', cell_id, quantity
FROM measurements ANTI JOIN (SELECT name AS quantity FROM metrics WHERE study IS NOT NULL) USING (quantity)
UNION ALL
SELECT 'findings.severity', cell_id, severity
FROM findings WHERE severity NOT IN ('error', 'warning', 'note')
UNION ALL
SELECT 'diagnoses.verdict', cell_id, verdict
FROM diagnoses WHERE verdict NOT IN ('diverged', 'dead', 'symmetric', 'too big', 'too small', 'just right')
UNION ALL
SELECT 'sites.role', cell_id, role
FROM sites WHERE role NOT IN ('stream', 'branch', 'skip', 'read-out')
UNION ALL
SELECT 'sites.site_kind', cell_id, site_kind
FROM sites WHERE site_kind NOT IN ('input', 'affine', 'convolution', 'embedding', 'normalization', 'activation', 'attention',
                                   'recurrent', 'addition', 'product')
UNION ALL
SELECT 'parameters.part', cell_id, part
FROM parameters WHERE part NOT IN ('weight', 'bias', 'scale', 'shift', 'table', 'other')
