MODEL (
  name seed.country,
  kind SEED (
    path '../../seeds/country.csv'
  ),
  owner analytics_engineering,
  columns (
    country_name TEXT,
    country_code TEXT
  ),
  grain country_name,
  tags (
    seed
  ),
  description 'One row per way in which a source writes a country: its ISO 3166-1 alpha-2 code, empty where the name is no country.'
)
