MODEL (
  name seed.delay_bucket,
  kind SEED (
    path '../../seeds/delay_bucket.csv'
  ),
  owner analytics_engineering,
  columns (
    bucket_number INT,
    delay_bucket TEXT,
    from_days INT,
    to_days INT
  ),
  grain bucket_number,
  tags (
    seed
  ),
  description 'One row per range of days from the promised to the actual day of delivery, both ends included; together they cover every delay once.'
)
