MODEL (
  name seed.holiday,
  kind SEED (
    path '../../seeds/holiday.csv'
  ),
  owner analytics_engineering,
  columns (
    country_code TEXT,
    holiday_date TEXT,
    holiday_name TEXT
  ),
  grain (country_code, holiday_date),
  tags (
    seed
  ),
  description 'One row per country and public holiday, written by python -m ops.holiday_seed from the package holidays. The date is ISO text: SQLMesh warns at length when it parses dates of seeds.'
)
