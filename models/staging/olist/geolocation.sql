MODEL (
  name stg.olist__geolocation,
  kind VIEW,
  owner analytics_engineering,
  grain (source_file, row_number),
  tags (staging, olist),
  audits (
    not_null(columns := (source_file, row_number)),
    unique_combination_of_columns(columns := (source_file, row_number))
  ),
  description 'One row per coordinate of a zip prefix as the file has it, typed, nothing dropped. A prefix has many rows.'
);

SELECT
  _source_file::TEXT AS source_file,
  _row_number::BIGINT AS row_number,
  NULLIF(TRIM(geolocation_zip_code_prefix), '')::TEXT AS postal_prefix,
  @CAST_OR_NULL(geolocation_lat, 'double precision')::DOUBLE PRECISION AS latitude,
  @CAST_OR_NULL(geolocation_lng, 'double precision')::DOUBLE PRECISION AS longitude,
  NULLIF(TRIM(geolocation_city), '')::TEXT AS city,
  NULLIF(TRIM(geolocation_state), '')::TEXT AS state,
  @QUARANTINE_REASON(
    (geolocation_zip_code_prefix, 'text', TRUE),
    (geolocation_lat, 'double precision', TRUE),
    (geolocation_lng, 'double precision', TRUE)
  )::TEXT AS quarantine_reason
FROM raw_olist.geolocation
