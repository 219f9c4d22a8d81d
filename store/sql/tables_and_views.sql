-- Every table and view of the store, with its comment.
SELECT view_name AS name, 'view' AS kind, comment AS meaning FROM duckdb_views()
WHERE NOT internal AND database_name = current_database()
UNION ALL
SELECT table_name, 'table', comment FROM duckdb_tables()
WHERE NOT internal AND database_name = current_database()
ORDER BY kind DESC, name
