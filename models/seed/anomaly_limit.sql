MODEL (
  name seed.anomaly_limit,
  kind SEED (
    path '../../seeds/anomaly_limit.csv'
  ),
  owner analytics_engineering,
  columns (
    measure TEXT,
    source TEXT,
    least_score DECIMAL(8, 4),
    least_change DECIMAL(8, 4),
    meaning TEXT
  ),
  grain (measure, source),
  tags (
    seed
  ),
  description 'One row per measure of quality.anomaly and source (* for every source without a row of its own): how many spreads from the usual, and how far, a day has to lie to be listed.'
)
