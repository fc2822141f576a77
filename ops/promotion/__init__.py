"""What makes a promotion safe on Postgres, for bare `sqlmesh` as for `retail`: see `ops.promotion.swap`."""
