-- More than one machine: which process computed a cell, and how far the batches of a run are.

CREATE TABLE workers (
    run_id          VARCHAR NOT NULL,
    worker          VARCHAR NOT NULL,
    node            VARCHAR NOT NULL,
    host            VARCHAR,
    pid             INTEGER,
    device          VARCHAR,
    device_name     VARCHAR,
    device_reason   VARCHAR,
    dtype           VARCHAR,
    threads         INTEGER,
    platform        VARCHAR,
    packages        JSON,
    torch_version   VARCHAR,
    python_version  VARCHAR
);
COMMENT ON TABLE workers IS 'Provenance of runs with several processes: one row per additional process, on this machine or in a cluster, that computed cells of a run. Device, threads and versions are then recorded here for each worker, not in runs.';
COMMENT ON COLUMN workers.run_id IS 'The run; see runs.';
COMMENT ON COLUMN workers.worker IS 'Name of the worker, unique within its run.';
COMMENT ON COLUMN workers.node IS 'Name that the cluster gave to the machine; several nodes may be on one host.';
COMMENT ON COLUMN workers.host IS 'Name of the machine.';
COMMENT ON COLUMN workers.pid IS 'Process id of the worker on that machine.';
COMMENT ON COLUMN workers.device IS 'Device of the computation: cpu or cuda:N, as the worker counts its own GPUs.';
COMMENT ON COLUMN workers.device_name IS 'Model name of the device.';
COMMENT ON COLUMN workers.device_reason IS 'Why this device was chosen.';
COMMENT ON COLUMN workers.dtype IS 'Floating-point type of the computation.';
COMMENT ON COLUMN workers.threads IS 'Number of CPU threads used by tensor operations.';
COMMENT ON COLUMN workers.platform IS 'Operating system, architecture, C library and vector instructions.';
COMMENT ON COLUMN workers.packages IS 'Installed packages that can affect results, as a JSON object from name to version.';
COMMENT ON COLUMN workers.torch_version IS 'Version of PyTorch.';
COMMENT ON COLUMN workers.python_version IS 'Version of Python.';

ALTER TABLE cells ADD COLUMN worker VARCHAR;
COMMENT ON COLUMN cells.worker IS 'The worker of the run that computed this cell; see workers. NULL where the process of the run computed it.';

ALTER TABLE runs ADD COLUMN batches_total INTEGER;
ALTER TABLE runs ADD COLUMN batches_running INTEGER;
COMMENT ON COLUMN runs.batches_total IS 'Number of tensor programs of the run; NULL where it was not recorded.';
COMMENT ON COLUMN runs.batches_running IS 'Number of these that were being computed, or were queued at a worker, when the run was last published.';
