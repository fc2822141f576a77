-- Within the warehouse: the transformer reads what the loader creates. What BI may read, the models grant.
\set ON_ERROR_STOP on
\getenv transformer RETAIL_TRANSFORMER_USER
\getenv loader RETAIL_LOADER_USER
\getenv database RETAIL_DATABASE
\getenv state_database RETAIL_STATE_DATABASE
\connect :"state_database"
REVOKE ALL ON SCHEMA public FROM PUBLIC;
\connect :"database"
REVOKE ALL ON SCHEMA public FROM PUBLIC;

-- Functions are everybody's unless somebody says otherwise.
ALTER DEFAULT PRIVILEGES FOR ROLE :"loader", :"transformer" REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;

-- Large objects belong to no schema: without this, whoever gets in may write them. Only a superuser may say so.
SELECT format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', oid::regprocedure)
FROM pg_proc
WHERE proname IN ('lo_creat', 'lo_create', 'lo_from_bytea', 'lo_put', 'lowrite', 'lo_truncate', 'lo_truncate64')
  AND pronamespace = 'pg_catalog'::regnamespace
  AND (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) \gexec

-- With one user for both there is nobody to grant to.
SELECT format(statement, :'loader', :'transformer')
FROM (VALUES
    ('ALTER DEFAULT PRIVILEGES FOR ROLE %I GRANT USAGE ON SCHEMAS TO %I'),
    ('ALTER DEFAULT PRIVILEGES FOR ROLE %I GRANT SELECT ON TABLES TO %I')
) AS grants (statement)
WHERE :'loader' <> :'transformer' \gexec
