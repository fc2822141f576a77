MODEL (
  name conformed.geography,
  kind FULL,
  owner analytics_engineering,
  grain (source, country_code, postal_prefix),
  tags (
    conformed
  ),
  audits (
    not_null(columns := (source, country_code, postal_prefix)),
    unique_combination_of_columns(columns := (source, country_code, postal_prefix))
  ),
  description 'One row per source, country and postal prefix, with the middle of its coordinates.'
);

SELECT
  source::TEXT AS source,
  country_code::TEXT AS country_code,
  postal_prefix::TEXT AS postal_prefix,
  city::TEXT AS city,
  state::TEXT AS state,
  latitude::DOUBLE PRECISION AS latitude,
  longitude::DOUBLE PRECISION AS longitude,
  coordinate_count::INT AS coordinate_count,
  outside_count::INT AS outside_count
FROM (
  @UNION_SOURCES(
    geography,
    source,
    country_code,
    postal_prefix,
    city,
    state,
    latitude,
    longitude,
    coordinate_count,
    outside_count
  )
) AS sourced
