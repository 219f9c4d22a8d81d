-- Networks of one's own: what `goldilocks diagnose` measured of them, site by site, and what its rules found.
--
-- The study is diagnosis, a cell one initialization under one seed. Its layers, the steps of the stream with what
-- follows them, are in layers and layer_histograms as well.

CREATE TABLE diagnoses (
    cell_id   VARCHAR NOT NULL,
    verdict   VARCHAR NOT NULL,
    method    VARCHAR NOT NULL,
    reason    VARCHAR NOT NULL,
    at_once   INTEGER NOT NULL,
    packages  JSON NOT NULL,
    unseen    VARCHAR[] NOT NULL,
    remarks   VARCHAR[] NOT NULL
);
COMMENT ON TABLE diagnoses IS 'One row per cell of the study diagnosis: what is known of a network of one''s own as a whole.';
COMMENT ON COLUMN diagnoses.cell_id IS 'The configuration; see cells. cells.network is the function that makes the network, as it was named, and after @ the first digits of the digest of all that tells it from others; nothing is imported because it stands there.';
COMMENT ON COLUMN diagnoses.verdict IS 'What the findings of this cell come to: diverged, dead, symmetric, too big, too small or just right. signal_rates.verdict is that of its rates alone.';
COMMENT ON COLUMN diagnoses.method IS 'How it was measured: vmap (several configurations in one program) or loop (one after the other).';
COMMENT ON COLUMN diagnoses.reason IS 'Why that way, in a sentence.';
COMMENT ON COLUMN diagnoses.at_once IS 'Number of configurations in one program, at most.';
COMMENT ON COLUMN diagnoses.packages IS 'Versions of the installed packages that the code of the network comes from, as a JSON object; runs.packages has those of PyTorch and others.';
COMMENT ON COLUMN diagnoses.unseen IS 'Modules that hold parameters and were not called in the forward pass.';
COMMENT ON COLUMN diagnoses.remarks IS 'What one should know about how it was measured or initialized, in sentences.';

CREATE TABLE sites (
    cell_id          VARCHAR NOT NULL,
    site             INTEGER NOT NULL,
    label            VARCHAR NOT NULL,
    module_name      VARCHAR NOT NULL,
    call             INTEGER NOT NULL,
    operation        VARCHAR NOT NULL,
    occurrence       INTEGER NOT NULL,
    site_kind        VARCHAR NOT NULL,
    role             VARCHAR NOT NULL,
    layer            INTEGER,
    shape            INTEGER[] NOT NULL,
    inputs           INTEGER[] NOT NULL,
    parameters       VARCHAR[] NOT NULL,
    module           VARCHAR NOT NULL,
    fan_in           DOUBLE,
    fan_out          DOUBLE,
    unit_axis        INTEGER NOT NULL,
    site_activation  VARCHAR,
    activation_next  VARCHAR,
    normalized_next  BOOLEAN NOT NULL,
    connected        BOOLEAN NOT NULL
);
COMMENT ON TABLE sites IS 'The operations of a diagnosed network that are worth measuring, in execution order; taps has what was measured there.';
COMMENT ON COLUMN sites.cell_id IS 'The configuration; see cells.';
COMMENT ON COLUMN sites.site IS 'Place in execution order; 0 is the first.';
COMMENT ON COLUMN sites.label IS 'Name of the site, unique in its network: module, how-manieth call of it, operation.';
COMMENT ON COLUMN sites.module_name IS 'Dotted name of the module in which the operation happens; empty for the network itself.';
COMMENT ON COLUMN sites.call IS 'Which call of that module; 1 is the first.';
COMMENT ON COLUMN sites.operation IS 'PyTorch''s name of the operation, such as linear, conv2d or add.';
COMMENT ON COLUMN sites.occurrence IS 'Which operation of that name in this call of the module; 1 is the first.';
COMMENT ON COLUMN sites.site_kind IS 'input, affine, convolution, embedding, normalization, activation, attention, recurrent, addition or product.';
COMMENT ON COLUMN sites.role IS 'Where it lies: stream (from input to output), branch (in a residual branch), skip (the way around one) or read-out.';
COMMENT ON COLUMN sites.layer IS 'The layer of the table layers that ends with this site; NULL where it ends none.';
COMMENT ON COLUMN sites.shape IS 'Shape of its value, the batch included.';
COMMENT ON COLUMN sites.inputs IS 'The sites that its value is computed from directly.';
COMMENT ON COLUMN sites.parameters IS 'Names of the parameters that enter it, the weight first.';
COMMENT ON COLUMN sites.module IS 'Class of the module in which it happens.';
COMMENT ON COLUMN sites.fan_in IS 'Inputs of each unit; NULL where there are no weights.';
COMMENT ON COLUMN sites.fan_out IS 'Units that each input feeds; NULL where there are no weights.';
COMMENT ON COLUMN sites.unit_axis IS 'Axis of the units in shape; negative ones are counted from the end.';
COMMENT ON COLUMN sites.site_activation IS 'The activation that this site is; NULL where it is none.';
COMMENT ON COLUMN sites.activation_next IS 'The activation met next, linear where there is none; NULL where there are no weights.';
COMMENT ON COLUMN sites.normalized_next IS 'Whether a normalization comes before that activation.';
COMMENT ON COLUMN sites.connected IS 'Whether the loss depends on it.';

CREATE TABLE taps (
    cell_id          VARCHAR NOT NULL,
    site             INTEGER NOT NULL,
    mean             DOUBLE,
    std              DOUBLE,
    rms              DOUBLE,
    min              DOUBLE,
    max              DOUBLE,
    frac_zero        DOUBLE,
    frac_dead_units  DOUBLE,
    frac_saturated   DOUBLE,
    frac_nonfinite   DOUBLE,
    unit_std         DOUBLE,
    similarity       DOUBLE,
    grad_rms         DOUBLE
);
COMMENT ON TABLE taps IS 'What leaves each site of a diagnosed network, and the gradient of the loss there; the view site_stats adds names and axes.';
COMMENT ON COLUMN taps.cell_id IS 'The configuration; see cells.';
COMMENT ON COLUMN taps.site IS 'The site; see sites.';
COMMENT ON COLUMN taps.mean IS 'Mean over batch, positions and units.';
COMMENT ON COLUMN taps.std IS 'Standard deviation over batch, positions and units (ddof 0).';
COMMENT ON COLUMN taps.rms IS 'Root mean square.';
COMMENT ON COLUMN taps.min IS 'Smallest value.';
COMMENT ON COLUMN taps.max IS 'Largest value.';
COMMENT ON COLUMN taps.frac_zero IS 'Share of values that are exactly zero.';
COMMENT ON COLUMN taps.frac_dead_units IS 'Share of units that are zero on every example and position.';
COMMENT ON COLUMN taps.frac_saturated IS 'Share of values whose activation is saturated; NULL at sites that are no activation, and for activations that Goldilocks does not know.';
COMMENT ON COLUMN taps.frac_nonfinite IS 'Share of values that are NaN or infinite.';
COMMENT ON COLUMN taps.unit_std IS 'Standard deviation across units, root mean square over examples and positions.';
COMMENT ON COLUMN taps.similarity IS 'Mean cosine between different examples, each centred over its own values; NULL where there are no two to compare.';
COMMENT ON COLUMN taps.grad_rms IS 'Root mean square of the gradient of the loss; 0 where the loss does not depend on the site, NULL at inputs and where it cannot be measured.';

CREATE TABLE parameters (
    cell_id       VARCHAR NOT NULL,
    parameter     INTEGER NOT NULL,
    name          VARCHAR NOT NULL,
    part          VARCHAR NOT NULL,
    module        VARCHAR NOT NULL,
    shape         INTEGER[] NOT NULL,
    sites         INTEGER[] NOT NULL,
    also          VARCHAR[] NOT NULL,
    fan_in        DOUBLE,
    fan_out       DOUBLE,
    trained       BOOLEAN NOT NULL,
    used          BOOLEAN NOT NULL,
    connected     BOOLEAN NOT NULL,
    floating      BOOLEAN NOT NULL,
    treated       BOOLEAN NOT NULL,
    got_gradient  BOOLEAN NOT NULL,
    mean          DOUBLE,
    std           DOUBLE,
    rms           DOUBLE,
    magnitude     DOUBLE,
    frac_nonfinite DOUBLE,
    equal_units   DOUBLE,
    grad_rms      DOUBLE,
    update_ratio  DOUBLE
);
COMMENT ON TABLE parameters IS 'The parameters of a diagnosed network before any step, and their gradients; the view parameter_stats adds the axes.';
COMMENT ON COLUMN parameters.cell_id IS 'The configuration; see cells.';
COMMENT ON COLUMN parameters.parameter IS 'Place among the parameters of the network; 0 is the first.';
COMMENT ON COLUMN parameters.name IS 'Its first dotted name.';
COMMENT ON COLUMN parameters.part IS 'What it is to the operation that first uses it: weight, bias, scale, shift, table or other.';
COMMENT ON COLUMN parameters.module IS 'Class of the module that holds it.';
COMMENT ON COLUMN parameters.shape IS 'Its shape.';
COMMENT ON COLUMN parameters.sites IS 'The sites that it enters; see sites.';
COMMENT ON COLUMN parameters.also IS 'Further names of the same tensor.';
COMMENT ON COLUMN parameters.fan_in IS 'Inputs of each unit at its first use; NULL where it has no fans.';
COMMENT ON COLUMN parameters.fan_out IS 'Units that each input feeds there; NULL where it has no fans.';
COMMENT ON COLUMN parameters.trained IS 'Its requires_grad, as the factory gives it.';
COMMENT ON COLUMN parameters.used IS 'Whether any operation uses it.';
COMMENT ON COLUMN parameters.connected IS 'Whether the loss depends on it.';
COMMENT ON COLUMN parameters.floating IS 'Whether it consists of floating-point numbers.';
COMMENT ON COLUMN parameters.treated IS 'Whether the initialization drew or set it; false where it stays as the factory made it.';
COMMENT ON COLUMN parameters.got_gradient IS 'Whether any entry of its gradient is not 0.';
COMMENT ON COLUMN parameters.mean IS 'Mean of its entries.';
COMMENT ON COLUMN parameters.std IS 'Standard deviation of its entries (ddof 0).';
COMMENT ON COLUMN parameters.rms IS 'Root mean square of its entries.';
COMMENT ON COLUMN parameters.magnitude IS 'Largest absolute value.';
COMMENT ON COLUMN parameters.frac_nonfinite IS 'Share of entries that are NaN or infinite.';
COMMENT ON COLUMN parameters.equal_units IS 'Share of units whose incoming weights equal those of another unit; NULL where there are no units.';
COMMENT ON COLUMN parameters.grad_rms IS 'Root mean square of the gradient of the loss; NULL for integers.';
COMMENT ON COLUMN parameters.update_ratio IS 'grad_rms / rms: change over size for a step of gradient descent with learning rate 1; NULL for integers.';

CREATE TABLE findings (
    cell_id    VARCHAR NOT NULL,
    rule       VARCHAR NOT NULL,
    severity   VARCHAR NOT NULL,
    place      VARCHAR NOT NULL,
    measured   DOUBLE NOT NULL,
    threshold  DOUBLE NOT NULL,
    why        VARCHAR NOT NULL,
    remedy     VARCHAR NOT NULL,
    code       VARCHAR NOT NULL
);
COMMENT ON TABLE findings IS 'What the rules find wrong with a diagnosed network, cell by cell; the view diagnosis_findings adds the axes, and the query findings_over_seeds counts how many seeds agree.';
COMMENT ON COLUMN findings.cell_id IS 'The configuration; see cells.';
COMMENT ON COLUMN findings.rule IS 'Name of the rule.';
COMMENT ON COLUMN findings.severity IS 'error (training will fail or is wasted), warning (it will suffer) or note (worth knowing).';
COMMENT ON COLUMN findings.place IS 'Where: label of a site (see sites), or name of a parameter or module.';
COMMENT ON COLUMN findings.measured IS 'What was measured.';
COMMENT ON COLUMN findings.threshold IS 'What it was held against.';
COMMENT ON COLUMN findings.why IS 'What was seen and what it does, in a sentence.';
COMMENT ON COLUMN findings.remedy IS 'What to do, in a sentence.';
COMMENT ON COLUMN findings.code IS 'The remedy in PyTorch; empty where there is none.';

-- What layers say of a network of one's own.

COMMENT ON TABLE layers IS 'Statistics of each layer of an untrained network: of each hidden layer of a propagation cell, and of each step of the stream of a diagnosed network (see sites.layer).';
COMMENT ON COLUMN layers.grad_rms IS 'Root mean square of the gradient with respect to the output of the layer: for a unit Gaussian gradient placed on the last layer, and in the study diagnosis of the loss.';
COMMENT ON COLUMN layers.sigma_w IS 'Weight standard deviation of the scheme times the square root of fan-in: what a fixed std means at this width. In the study diagnosis as measured; NULL where the layer has no weights.';
COMMENT ON COLUMN cells.study IS 'What was done, such as propagation (statistics of an untrained network), training, or diagnosis (of a network of one''s own); schemes has a card for each.';
COMMENT ON COLUMN cells.depth IS 'Number of hidden layers (affine map, normalization, activation); a read-out is not counted. In the study diagnosis the number of steps of the stream.';
