MODEL (
  name seed.stock_code_class,
  kind SEED (
    path '../../seeds/stock_code_class.csv'
  ),
  owner analytics_engineering,
  columns (
    stock_code TEXT,
    line_kind TEXT,
    meaning TEXT
  ),
  grain stock_code,
  tags (seed, online_retail),
  description 'One row per stock code of Online Retail that is no product: what a line with it sells or corrects.'
)
