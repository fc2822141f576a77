MODEL (
  name seed.exchange_rate,
  kind SEED (
    path '../../seeds/exchange_rate.csv'
  ),
  owner analytics_engineering,
  columns (
    month_start_date TEXT,
    currency TEXT,
    units_per_usd DECIMAL(18, 6)
  ),
  grain (month_start_date, currency),
  tags (
    seed
  ),
  description 'One row per month and currency: the month''s average price of a US dollar in it, as the Federal Reserve publishes (release G.5, by way of github.com/datasets/exchange-rates). Only months that sales are known of; a month that is not here has no reporting amount. The date is ISO text: SQLMesh warns at length when it parses dates of seeds.'
)
