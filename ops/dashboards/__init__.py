"""Dashboards: written down in dashboards/, compiled for Superset, which runs in an environment of its own."""
