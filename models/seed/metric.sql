MODEL (
  name seed.metric,
  kind SEED (
    path '../../seeds/metric.csv'
  ),
  owner analytics_engineering,
  columns (
    metric TEXT,
    label TEXT,
    definition TEXT,
    relation TEXT,
    expression TEXT,
    dated_by TEXT,
    unit TEXT,
    additive_over TEXT,
    served_in TEXT,
    owner TEXT
  ),
  grain metric,
  tags (
    seed
  ),
  description 'One row per measure: what it means in words and as SQL over core. The words come into the descriptions of the views that serve it by `retail metrics --write`.'
)
