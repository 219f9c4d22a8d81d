-- The columns of one table or view, with type and meaning.
-- $relation VARCHAR: name of the table or view
SELECT column_name AS name, data_type AS type, comment AS meaning
FROM duckdb_columns()
WHERE NOT internal AND database_name = current_database() AND table_name = $relation
ORDER BY column_index
