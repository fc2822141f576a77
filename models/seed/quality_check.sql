MODEL (
  name seed.quality_check,
  kind SEED (
    path '../../seeds/quality_check.csv'
  ),
  owner analytics_engineering,
  columns (
    check_name TEXT,
    source TEXT,
    severity TEXT,
    threshold_rate DECIMAL(6, 4),
    action TEXT,
    meaning TEXT
  ),
  grain (check_name, source),
  tags (
    seed
  ),
  description 'One row per check and source (* for every source without a row of its own): how much of a day may fail, how grave more is (block, warn, info), and what happens to the row (quarantine, reject, unknown_member, drop, flag, report).'
)
