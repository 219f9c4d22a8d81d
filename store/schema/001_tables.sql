-- The tables of a store. Step 1 of the schema; later steps are new files with the next number.
--
-- Columns that a cell's configuration consists of are DOUBLE or INTEGER; measured values are FLOAT, the precision
-- they were computed in. NaN and infinities are values here and never become NULL.

CREATE TABLE runs (
    run_id          VARCHAR NOT NULL,
    grid            VARCHAR NOT NULL,
    grid_text       VARCHAR,
    command         VARCHAR,
    status          VARCHAR NOT NULL,
    started_at      TIMESTAMP,
    ended_at        TIMESTAMP,
    seconds         DOUBLE,
    code_version    VARCHAR,
    torch_version   VARCHAR,
    python_version  VARCHAR,
    device          VARCHAR,
    device_name     VARCHAR,
    device_reason   VARCHAR,
    dtype           VARCHAR,
    threads         INTEGER,
    host            VARCHAR,
    pid             INTEGER,
    cells_total     INTEGER,
    cells_cached    INTEGER,
    cells_computed  INTEGER,
    cells_diverged  INTEGER,
    cells_failed    INTEGER
);
COMMENT ON TABLE runs IS 'Provenance: one row per call of the engine.';
COMMENT ON COLUMN runs.run_id IS 'Name of the run, unique in this file.';
COMMENT ON COLUMN runs.grid IS 'Name of the requested grid.';
COMMENT ON COLUMN runs.grid_text IS 'The grid file as it was read, in TOML.';
COMMENT ON COLUMN runs.command IS 'Command line that started the run.';
COMMENT ON COLUMN runs.status IS 'running, done, failed (some cells failed), interrupted (stopped by the user) or killed (its process vanished).';
COMMENT ON COLUMN runs.started_at IS 'Start of the run, UTC.';
COMMENT ON COLUMN runs.ended_at IS 'End of the run, UTC; NULL while it runs.';
COMMENT ON COLUMN runs.seconds IS 'Wall-clock duration of the run, in seconds.';
COMMENT ON COLUMN runs.code_version IS 'Version of Goldilocks: git commit, followed by -dirty when files were changed.';
COMMENT ON COLUMN runs.torch_version IS 'Version of PyTorch that computed the run.';
COMMENT ON COLUMN runs.python_version IS 'Version of Python that computed the run.';
COMMENT ON COLUMN runs.device IS 'Device of the computation: cpu, cuda:N or mps.';
COMMENT ON COLUMN runs.device_name IS 'Model name of the device.';
COMMENT ON COLUMN runs.device_reason IS 'Why this device was chosen.';
COMMENT ON COLUMN runs.dtype IS 'Floating-point type of the computation.';
COMMENT ON COLUMN runs.threads IS 'Number of CPU threads used by tensor operations.';
COMMENT ON COLUMN runs.host IS 'Name of the machine.';
COMMENT ON COLUMN runs.pid IS 'Process id of the engine on that machine.';
COMMENT ON COLUMN runs.cells_total IS 'Number of cells in the grid.';
COMMENT ON COLUMN runs.cells_cached IS 'Number of cells that the store already held.';
COMMENT ON COLUMN runs.cells_computed IS 'Number of cells this run computed.';
COMMENT ON COLUMN runs.cells_diverged IS 'Number of computed cells that met a non-finite value.';
COMMENT ON COLUMN runs.cells_failed IS 'Number of cells that ended with an error.';

CREATE TABLE cells (
    cell_id          VARCHAR NOT NULL,
    run_id           VARCHAR NOT NULL,
    study            VARCHAR NOT NULL,
    network          VARCHAR NOT NULL,
    dataset          VARCHAR NOT NULL,
    preprocessing    VARCHAR NOT NULL,
    init             VARCHAR NOT NULL,
    activation       VARCHAR NOT NULL,
    norm             VARCHAR NOT NULL,
    depth            INTEGER NOT NULL,
    width            INTEGER NOT NULL,
    batch_size       INTEGER NOT NULL,
    optimizer        VARCHAR,
    lr               DOUBLE,
    steps            INTEGER,
    seed             INTEGER NOT NULL,
    status           VARCHAR NOT NULL,
    error            VARCHAR,
    diverged_at_step INTEGER,
    seconds          DOUBLE,
    spec             JSON NOT NULL
);
COMMENT ON TABLE cells IS 'One row per configuration, every axis a column.';
COMMENT ON COLUMN cells.cell_id IS 'Identity of the configuration: the first 16 hexadecimal digits of the SHA-256 of its canonical JSON.';
COMMENT ON COLUMN cells.run_id IS 'The run that computed this cell; see runs.';
COMMENT ON COLUMN cells.study IS 'Kind of experiment: propagation (statistics of an untrained network), training, or another study; see schemes.';
COMMENT ON COLUMN cells.network IS 'Kind of network.';
COMMENT ON COLUMN cells.dataset IS 'Where the inputs come from; gaussian means independent N(0,1) inputs.';
COMMENT ON COLUMN cells.preprocessing IS 'What was done to the inputs before the first layer.';
COMMENT ON COLUMN cells.init IS 'Weight initialization, with every parameter that differs from its default.';
COMMENT ON COLUMN cells.activation IS 'Activation function, with every parameter that differs from its default.';
COMMENT ON COLUMN cells.norm IS 'Normalization between the affine map and the activation.';
COMMENT ON COLUMN cells.depth IS 'Number of hidden layers (affine map, normalization, activation); a read-out is not counted.';
COMMENT ON COLUMN cells.width IS 'Number of units in each hidden layer.';
COMMENT ON COLUMN cells.batch_size IS 'Number of examples per batch.';
COMMENT ON COLUMN cells.optimizer IS 'Update rule; NULL where nothing is trained.';
COMMENT ON COLUMN cells.lr IS 'Learning rate; NULL where nothing is trained.';
COMMENT ON COLUMN cells.steps IS 'Number of updates; NULL where nothing is trained.';
COMMENT ON COLUMN cells.seed IS 'Seed of weights, inputs and minibatch order. Cells that share a seed share the underlying draws.';
COMMENT ON COLUMN cells.status IS 'done, diverged (a non-finite value was met: a result) or failed (see error).';
COMMENT ON COLUMN cells.error IS 'Why the cell failed; NULL otherwise.';
COMMENT ON COLUMN cells.diverged_at_step IS 'Training: number of updates made before the first non-finite training or test loss; NULL when both stayed finite.';
COMMENT ON COLUMN cells.seconds IS 'Share of the computing time of its batch, in seconds.';
COMMENT ON COLUMN cells.spec IS 'The canonical JSON that cell_id is the hash of, defaults included.';

CREATE TABLE layers (
    cell_id          VARCHAR NOT NULL,
    layer            INTEGER NOT NULL,
    sigma_w          FLOAT,
    mean             FLOAT,
    std              FLOAT,
    rms              FLOAT,
    min              FLOAT,
    max              FLOAT,
    frac_saturated   FLOAT,
    frac_zero        FLOAT,
    frac_dead_units  FLOAT,
    unit_std         FLOAT,
    preact_std       FLOAT,
    theory_std       FLOAT,
    grad_rms         FLOAT,
    weight_grad_rms  FLOAT,
    theory_grad_rms  FLOAT
);
COMMENT ON TABLE layers IS 'Statistics of each hidden layer of a propagation cell.';
COMMENT ON COLUMN layers.cell_id IS 'The configuration; see cells.';
COMMENT ON COLUMN layers.layer IS 'Number of the hidden layer; 1 is the first.';
COMMENT ON COLUMN layers.sigma_w IS 'Weight standard deviation of the scheme times the square root of fan-in: what a fixed std means at this width.';
COMMENT ON COLUMN layers.mean IS 'Mean of the activations over the batch and all units.';
COMMENT ON COLUMN layers.std IS 'Standard deviation of the activations over the batch and all units (ddof 0).';
COMMENT ON COLUMN layers.rms IS 'Root mean square of the activations.';
COMMENT ON COLUMN layers.min IS 'Smallest activation.';
COMMENT ON COLUMN layers.max IS 'Largest activation.';
COMMENT ON COLUMN layers.frac_saturated IS 'Share of activations whose local derivative is below the saturation threshold times the largest derivative of the function (see thresholds).';
COMMENT ON COLUMN layers.frac_zero IS 'Share of activations that are exactly zero.';
COMMENT ON COLUMN layers.frac_dead_units IS 'Share of units whose local derivative is exactly zero on every example of the batch: no gradient passes.';
COMMENT ON COLUMN layers.unit_std IS 'Standard deviation across the units of the layer, root mean square over the examples; 0 when all units are alike.';
COMMENT ON COLUMN layers.preact_std IS 'Standard deviation of what enters the activation (after normalization).';
COMMENT ON COLUMN layers.theory_std IS 'Mean-field prediction of std in the limit of infinite width; NULL where there is none.';
COMMENT ON COLUMN layers.grad_rms IS 'Root mean square of the gradient with respect to the output of the layer, for a unit Gaussian gradient placed on the last layer.';
COMMENT ON COLUMN layers.weight_grad_rms IS 'Root mean square of the gradient with respect to the weights of the layer, summed over the batch.';
COMMENT ON COLUMN layers.theory_grad_rms IS 'Mean-field prediction of grad_rms in the limit of infinite width; NULL where there is none.';

CREATE TABLE layer_histograms (
    cell_id    VARCHAR NOT NULL,
    layer      INTEGER NOT NULL,
    tap        VARCHAR NOT NULL,
    lo         FLOAT,
    hi         FLOAT,
    counts     INTEGER[] NOT NULL,
    underflow  INTEGER NOT NULL,
    overflow   INTEGER NOT NULL,
    nonfinite  INTEGER NOT NULL
);
COMMENT ON TABLE layer_histograms IS 'Histogram of each tap of each hidden layer; the view histograms adds the axes.';
COMMENT ON COLUMN layer_histograms.cell_id IS 'The configuration; see cells.';
COMMENT ON COLUMN layer_histograms.layer IS 'Number of the hidden layer; 1 is the first.';
COMMENT ON COLUMN layer_histograms.tap IS 'pre (what enters the activation), act (what leaves it) or grad (gradient with respect to what leaves it).';
COMMENT ON COLUMN layer_histograms.lo IS 'Left edge of the first bin; equal to hi when all values are equal, NaN when none is finite.';
COMMENT ON COLUMN layer_histograms.hi IS 'Right edge of the last bin.';
COMMENT ON COLUMN layer_histograms.counts IS 'Number of values in each of the equally wide bins between lo and hi.';
COMMENT ON COLUMN layer_histograms.underflow IS 'Number of finite values below lo.';
COMMENT ON COLUMN layer_histograms.overflow IS 'Number of finite values above hi.';
COMMENT ON COLUMN layer_histograms.nonfinite IS 'Number of NaN and infinite values.';

CREATE TABLE curves (
    cell_id         VARCHAR NOT NULL,
    step            INTEGER NOT NULL,
    train_loss      FLOAT,
    train_accuracy  FLOAT,
    test_loss       FLOAT,
    test_accuracy   FLOAT,
    grad_norm       FLOAT,
    update_ratio    FLOAT
);
COMMENT ON TABLE curves IS 'Training curves: one row per training cell and logged step.';
COMMENT ON COLUMN curves.cell_id IS 'The configuration; see cells.';
COMMENT ON COLUMN curves.step IS 'Number of updates made before the measurement.';
COMMENT ON COLUMN curves.train_loss IS 'Cross-entropy in nats, mean over the minibatches since the previous logged step, in training mode; at step 0 of the first minibatch.';
COMMENT ON COLUMN curves.train_accuracy IS 'Share of correct predictions over the same minibatches; NaN when the loss is not finite.';
COMMENT ON COLUMN curves.test_loss IS 'Cross-entropy in nats on the test split, in evaluation mode.';
COMMENT ON COLUMN curves.test_accuracy IS 'Share of correct predictions on the test split, in evaluation mode; NaN when the loss is not finite.';
COMMENT ON COLUMN curves.grad_norm IS 'Euclidean norm of the gradient of all parameters, on the latest minibatch.';
COMMENT ON COLUMN curves.update_ratio IS 'Norm of the latest update of the weights divided by the norm of the weights.';

CREATE TABLE schemes (
    kind        VARCHAR NOT NULL,
    name        VARCHAR NOT NULL,
    title       VARCHAR NOT NULL,
    formula     VARCHAR,
    reference   VARCHAR,
    notes       VARCHAR,
    parameters  VARCHAR,
    aliases     VARCHAR[],
    snippet     VARCHAR
);
COMMENT ON TABLE schemes IS 'The card of each member of the engine: initializers, activations, normalizations and so on.';
COMMENT ON COLUMN schemes.kind IS 'Family: initializer, activation, normalization, network, optimizer, dataset, preprocessing, study.';
COMMENT ON COLUMN schemes.name IS 'Name in grid files and in the axis columns, without parameters.';
COMMENT ON COLUMN schemes.title IS 'Display name.';
COMMENT ON COLUMN schemes.formula IS 'Definition, in plain text.';
COMMENT ON COLUMN schemes.reference IS 'Paper or textbook.';
COMMENT ON COLUMN schemes.notes IS 'Limits and remarks.';
COMMENT ON COLUMN schemes.parameters IS 'Parameters with their defaults.';
COMMENT ON COLUMN schemes.aliases IS 'Other names that grid files may use.';
COMMENT ON COLUMN schemes.snippet IS 'The same in PyTorch, ready to paste.';

CREATE TABLE metrics (
    name     VARCHAR NOT NULL,
    label    VARCHAR NOT NULL,
    unit     VARCHAR NOT NULL,
    meaning  VARCHAR NOT NULL,
    better   VARCHAR
);
COMMENT ON TABLE metrics IS 'Axis title, unit and meaning of each measured column.';
COMMENT ON COLUMN metrics.name IS 'Column name.';
COMMENT ON COLUMN metrics.label IS 'Axis title.';
COMMENT ON COLUMN metrics.unit IS 'Unit; 1 for a pure number.';
COMMENT ON COLUMN metrics.meaning IS 'Definition; the same text as the column comment.';
COMMENT ON COLUMN metrics.better IS 'Which direction is better: higher, lower, or NULL when neither.';

CREATE TABLE thresholds (
    name     VARCHAR NOT NULL,
    value    DOUBLE NOT NULL,
    meaning  VARCHAR NOT NULL
);
COMMENT ON TABLE thresholds IS 'The numbers behind shares and verdicts.';
COMMENT ON COLUMN thresholds.name IS 'Name of the threshold.';
COMMENT ON COLUMN thresholds.value IS 'Its value.';
COMMENT ON COLUMN thresholds.meaning IS 'What it decides.';
INSERT INTO thresholds VALUES
    ('too_big', 1.25, 'A signal rate per layer above this is too big.'),
    ('too_small', 0.8, 'A signal rate per layer below this is too small.'),
    ('alike', 1e-4, 'Units are alike when unit_std is at most this share of rms, in every layer.'),
    ('saturation', 0.0591, 'A unit is saturated where its local derivative is below this share of the largest derivative; for tanh this is |tanh| > 0.97.');

CREATE TABLE journal_entries (
    entry        VARCHAR NOT NULL,
    ingested_at  TIMESTAMP NOT NULL
);
COMMENT ON TABLE journal_entries IS 'Which entries of the journal this snapshot contains.';
COMMENT ON COLUMN journal_entries.entry IS 'Name of the journal folder.';
COMMENT ON COLUMN journal_entries.ingested_at IS 'When it was read, UTC.';

CREATE TABLE schema_steps (
    step        INTEGER NOT NULL,
    name        VARCHAR NOT NULL,
    applied_at  TIMESTAMP NOT NULL
);
COMMENT ON TABLE schema_steps IS 'Which numbered steps of the schema this file has.';
COMMENT ON COLUMN schema_steps.step IS 'Number of the step.';
COMMENT ON COLUMN schema_steps.name IS 'File of the step.';
COMMENT ON COLUMN schema_steps.applied_at IS 'When it was applied, UTC.';
