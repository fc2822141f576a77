MODEL (
  name stg.store__warehouse,
  kind VIEW,
  owner analytics_engineering,
  grain (source_file, row_number),
  tags (staging, store),
  audits (
    not_null(columns := (source_file, row_number)),
    unique_combination_of_columns(columns := (source_file, row_number))
  ),
  description 'One row per warehouse as the file has it, trimmed, nothing dropped. Count only warehouses without a quarantine_reason.'
);

SELECT
  _source_file::TEXT AS source_file,
  _row_number::BIGINT AS row_number,
  NULLIF(TRIM(warehouse_id), '')::TEXT AS warehouse_id,
  NULLIF(TRIM(name), '')::TEXT AS warehouse_name,
  NULLIF(TRIM(city), '')::TEXT AS city,
  NULLIF(TRIM(state), '')::TEXT AS state,
  NULLIF(LEFT(TRIM(postal_code), 3), '')::TEXT AS postal_prefix,
  @QUARANTINE_REASON((warehouse_id, 'text', TRUE))::TEXT AS quarantine_reason
FROM raw_store.warehouse
