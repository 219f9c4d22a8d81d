-- What it takes to compute a cell again from the file alone.

ALTER TABLE runs ADD COLUMN code_digest VARCHAR;
ALTER TABLE runs ADD COLUMN packages JSON;
ALTER TABLE runs ADD COLUMN platform VARCHAR;
ALTER TABLE runs ADD COLUMN seed_scheme VARCHAR;
COMMENT ON COLUMN runs.code_digest IS 'First 16 hexadecimal digits of the SHA-256 of the source files of the engine; distinguishes versions where code_version says -dirty or unknown.';
COMMENT ON COLUMN runs.packages IS 'Installed packages that can affect results, as a JSON object from name to version.';
COMMENT ON COLUMN runs.platform IS 'Operating system, architecture, C library and vector instructions.';
COMMENT ON COLUMN runs.seed_scheme IS 'How every random draw follows from the seed of a cell.';

ALTER TABLE cells ADD COLUMN batch INTEGER;
ALTER TABLE cells ADD COLUMN batch_place INTEGER;
ALTER TABLE cells ADD COLUMN batch_cells INTEGER;
COMMENT ON COLUMN cells.batch IS 'Number, within the run, of the tensor program that computed this cell together with others; the last bits of a result may depend on the other cells of the batch. NULL where it was not recorded.';
COMMENT ON COLUMN cells.batch_place IS 'Place of the cell within its batch; 0 is the first.';
COMMENT ON COLUMN cells.batch_cells IS 'Number of cells in its batch.';
