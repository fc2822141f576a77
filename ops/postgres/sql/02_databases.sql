-- The two databases: the warehouse, and SQLMesh's state. Both belong to the transformer.
\set ON_ERROR_STOP on
\getenv transformer RETAIL_TRANSFORMER_USER
\getenv loader RETAIL_LOADER_USER
\getenv database RETAIL_DATABASE
\getenv state_database RETAIL_STATE_DATABASE

SELECT format('CREATE DATABASE %I OWNER %I', name, :'transformer')
FROM (VALUES (:'database'), (:'state_database')) AS wanted (name)
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = name) \gexec

ALTER DATABASE :"database" OWNER TO :"transformer";
ALTER DATABASE :"state_database" OWNER TO :"transformer";
ALTER DATABASE :"database" SET timezone = 'UTC';
ALTER DATABASE :"state_database" SET timezone = 'UTC';

-- Nobody else gets in, and who gets in makes nothing in `public`.
REVOKE ALL ON DATABASE :"database" FROM PUBLIC;
REVOKE ALL ON DATABASE :"state_database" FROM PUBLIC;
GRANT CONNECT, CREATE, TEMPORARY ON DATABASE :"database" TO :"loader";
GRANT CONNECT ON DATABASE :"database" TO bi_reader;
