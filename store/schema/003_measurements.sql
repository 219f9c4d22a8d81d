-- What a study measures beyond layers and curves: single numbers, and numbers as a function of something.

CREATE TABLE measurements (
    cell_id   VARCHAR NOT NULL,
    quantity  VARCHAR NOT NULL,
    part      VARCHAR NOT NULL,
    position  DOUBLE,
    value     DOUBLE NOT NULL
);
COMMENT ON TABLE measurements IS 'Quantities that belong to one study, one number per row; the view quantities adds the axes.';
COMMENT ON COLUMN measurements.cell_id IS 'The configuration; see cells.';
COMMENT ON COLUMN measurements.quantity IS 'What was measured; metrics has its label, unit and meaning.';
COMMENT ON COLUMN measurements.part IS 'Which part of the configuration it was measured on, where there are several; empty otherwise.';
COMMENT ON COLUMN measurements.position IS 'What the quantity is a function of, as metrics.position says; NULL for a single number.';
COMMENT ON COLUMN measurements.value IS 'The number.';

ALTER TABLE metrics ADD COLUMN study VARCHAR;
ALTER TABLE metrics ADD COLUMN position VARCHAR;
COMMENT ON COLUMN metrics.study IS 'The study that measures it, for the quantities of measurements; NULL for the columns of other tables.';
COMMENT ON COLUMN metrics.position IS 'Axis title of what the quantity is a function of; NULL for single numbers.';
