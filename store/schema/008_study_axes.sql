-- The axes that a study has beyond those of all studies; `store.study_axes` computes them from the spec.

ALTER TABLE cells ADD COLUMN study_axes MAP(VARCHAR, VARCHAR);
ALTER TABLE cells ADD COLUMN study_numbers MAP(VARCHAR, DOUBLE);
COMMENT ON COLUMN cells.study_axes IS 'The axes of this study that are no columns, by name, as text: study_axes[''scheme'']. Group by it, or by one of them, or cells that differ there are averaged as if they were seeds. Empty where the study has no others.';
COMMENT ON COLUMN cells.study_numbers IS 'Those of study_axes that are numbers, to sort and compare by: study_numbers[''epochs''] > 2.';
