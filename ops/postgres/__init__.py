"""The embedded Postgres server and the roles and databases that any server needs."""
