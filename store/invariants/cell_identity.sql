-- A cell's id is the first 16 hexadecimal digits of the SHA-256 of its spec.
SELECT cell_id, left(sha256(spec::VARCHAR), 16) AS recomputed, spec
FROM cells
WHERE cell_id <> left(sha256(spec::VARCHAR), 16)
