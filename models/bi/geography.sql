MODEL (
  name bi.geography,
  kind VIEW,
  owner analytics_engineering,
  grain geography_key,
  tags (
    bi
  ),
  grants (
    "select" = ARRAY['bi_reader']
  ),
  audits (
    not_null(columns := (
      geography_key
    )),
    unique_values(columns := (
      geography_key
    ))
  ),
  description 'One row per source and postal prefix, and one Unknown member. Coordinates are not additive.',
  column_descriptions (
    geography_key = 'Surrogate key: hash of source, country and postal prefix.',
    source = 'The shop whose data locates the prefix.',
    country_code = 'Country, ISO 3166-1 alpha-2.',
    postal_prefix = 'First digits of the postal code.',
    city = 'Most frequent city of the prefix.',
    state = 'Most frequent state or province of the prefix.',
    latitude = 'Median latitude in degrees; empty where every coordinate lies outside the country.',
    longitude = 'Median longitude in degrees; empty where every coordinate lies outside the country.',
    coordinate_count = 'Coordinates that the source has for the prefix.',
    outside_count = 'Those of them that lie outside the country and were not used.'
  )
);

SELECT
  geography_key::UUID AS geography_key,
  source::TEXT AS source,
  country_code::TEXT AS country_code,
  postal_prefix::TEXT AS postal_prefix,
  city::TEXT AS city,
  state::TEXT AS state,
  latitude::DOUBLE PRECISION AS latitude,
  longitude::DOUBLE PRECISION AS longitude,
  coordinate_count::INT AS coordinate_count,
  outside_count::INT AS outside_count
FROM core.dim_geography
