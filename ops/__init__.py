"""Running retailmesh: settings, the embedded Postgres, the command line, refreshing the models."""
