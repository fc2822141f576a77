-- Within the warehouse: the transformer reads what the loader creates. What BI may read, the models grant.
\set ON_ERROR_STOP on
\getenv transformer RETAIL_TRANSFORMER_USER
\getenv loader RETAIL_LOADER_USER
\getenv database RETAIL_DATABASE
\connect :"database"

REVOKE ALL ON SCHEMA public FROM PUBLIC;

-- With one user for both there is nobody to grant to.
SELECT format(statement, :'loader', :'transformer')
FROM (VALUES
    ('ALTER DEFAULT PRIVILEGES FOR ROLE %I GRANT USAGE ON SCHEMAS TO %I'),
    ('ALTER DEFAULT PRIVILEGES FOR ROLE %I GRANT SELECT ON TABLES TO %I')
) AS grants (statement)
WHERE :'loader' <> :'transformer' \gexec
