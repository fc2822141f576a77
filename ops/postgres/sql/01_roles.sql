-- The three roles and their passwords, and a fourth that nobody logs in as: it keeps the keys of hashes.
-- psql runs this as an administrator: `retail start` on the embedded server, docker compose in its entrypoint,
-- `retail connect --create-roles` on any other. It can run again at any time.
-- Names (but bi_reader, which the models name, and retail_keeper) and passwords come from the environment, so that no
-- password stands in a process list or in this file.
\set ON_ERROR_STOP on
\getenv transformer RETAIL_TRANSFORMER_USER
\getenv transformer_password RETAIL_TRANSFORMER_PASSWORD
\getenv loader RETAIL_LOADER_USER
\getenv loader_password RETAIL_LOADER_PASSWORD
\getenv bi_password RETAIL_BI_PASSWORD

-- A statement that fails must not write a password into the server's log. Only a superuser may say so.
SELECT set_config(name, value, false)
FROM (VALUES ('log_min_error_statement', 'panic'), ('log_statement', 'none')) AS quiet (name, value)
WHERE (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) \g /dev/null

SELECT format('CREATE ROLE %I', name)
FROM (VALUES (:'transformer'), (:'loader'), ('bi_reader'), ('retail_keeper')) AS role (name)
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) \gexec

ALTER ROLE :"transformer" LOGIN PASSWORD :'transformer_password';
ALTER ROLE :"loader" LOGIN PASSWORD :'loader_password';
ALTER ROLE bi_reader LOGIN PASSWORD :'bi_password';

-- Dates and instants mean the same for everybody; a BI tool reads and does not hold the server for ever.
ALTER ROLE :"transformer" SET timezone = 'UTC';
ALTER ROLE :"loader" SET timezone = 'UTC';
ALTER ROLE bi_reader SET timezone = 'UTC';
-- Names without a schema mean `public`, where nobody makes anything. Postgres looks first into a schema that is called like
-- the user, and who loads may make schemas: one with functions of its own for somebody else to run.
ALTER ROLE :"transformer" SET search_path = public;
ALTER ROLE :"loader" SET search_path = public;
ALTER ROLE bi_reader SET search_path = public;
ALTER ROLE bi_reader SET default_transaction_read_only = on;
ALTER ROLE bi_reader SET statement_timeout = '5min';

-- An administrator who is no superuser (managed servers) may give away ownership only as a member.
SELECT format('GRANT %I TO CURRENT_USER', name)
FROM (VALUES (:'transformer'), (:'loader'), ('retail_keeper')) AS role (name)
WHERE NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AND name <> current_user \gexec
