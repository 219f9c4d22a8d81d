-- What a statement can name: tables and views, their columns, names of members, functions and keywords of DuckDB.
SELECT 'relation' AS kind, view_name AS word, view_name AS relation, comment AS meaning FROM duckdb_views()
WHERE NOT internal AND database_name = current_database()
UNION ALL
SELECT 'relation', table_name, table_name, comment FROM duckdb_tables()
WHERE NOT internal AND database_name = current_database()
UNION ALL
SELECT 'column', column_name, table_name, comment FROM duckdb_columns()
WHERE NOT internal AND database_name = current_database()
UNION ALL
SELECT 'name', name, kind, NULL FROM schemes
UNION ALL
SELECT 'function', function_name, NULL, min(description) FROM duckdb_functions()
WHERE function_type <> 'pragma' AND function_name ~ '^[a-z][a-z0-9_]*$'
GROUP BY function_name
UNION ALL
SELECT 'keyword', lower(keyword_name), NULL, NULL FROM duckdb_keywords()
ORDER BY kind, word, relation
