"""What a change costs in an environment, with SQLMesh and with dbt: `python -m benchmarks.environments`."""
