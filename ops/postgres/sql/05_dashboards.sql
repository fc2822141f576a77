-- The database in which Superset keeps what it knows itself (users, dashboards), and the role that it belongs to, which
-- gets into no other. Dashboards read the warehouse as bi_reader. Without a password there is nothing to make:
-- `retail dashboards start` gives one, docker compose takes it from .env.
\set ON_ERROR_STOP on
\getenv dashboards_password RETAIL_DASHBOARDS_PASSWORD
\if :{?dashboards_password}
\else
\set dashboards_password ''
\endif
SELECT :'dashboards_password' <> '' AS is_wanted \gset
\if :is_wanted
SELECT set_config(name, value, false)
FROM (VALUES ('log_min_error_statement', 'panic'), ('log_statement', 'none')) AS quiet (name, value)
WHERE (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) \g /dev/null

SELECT 'CREATE ROLE retail_dashboards'
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'retail_dashboards') \gexec
ALTER ROLE retail_dashboards LOGIN PASSWORD :'dashboards_password';
ALTER ROLE retail_dashboards SET timezone = 'UTC';

-- An administrator who is no superuser (managed servers) may give away ownership only as a member.
SELECT 'GRANT retail_dashboards TO CURRENT_USER'
WHERE NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) \gexec
SELECT 'CREATE DATABASE retail_dashboards OWNER retail_dashboards'
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'retail_dashboards') \gexec
REVOKE ALL ON DATABASE retail_dashboards FROM PUBLIC;
\connect retail_dashboards
REVOKE ALL ON SCHEMA public FROM PUBLIC;
\endif
