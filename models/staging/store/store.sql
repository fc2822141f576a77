MODEL (
  name stg.store__store,
  kind VIEW,
  owner analytics_engineering,
  grain (source_file, row_number),
  tags (staging, store),
  audits (
    not_null(columns := (source_file, row_number)),
    unique_combination_of_columns(columns := (source_file, row_number))
  ),
  description 'One row per store as the file has it, typed, nothing dropped. Count only stores without a quarantine_reason.'
);

SELECT
  _source_file::TEXT AS source_file,
  _row_number::BIGINT AS row_number,
  NULLIF(TRIM(store_id), '')::TEXT AS store_id,
  NULLIF(TRIM(name), '')::TEXT AS store_name,
  NULLIF(TRIM(city), '')::TEXT AS city,
  NULLIF(TRIM(state), '')::TEXT AS state,
  NULLIF(LEFT(TRIM(postal_code), 3), '')::TEXT AS postal_prefix,
  NULLIF(TRIM(warehouse_id), '')::TEXT AS warehouse_id,
  @CAST_OR_NULL(opened_on, 'date')::DATE AS opened_date,
  @QUARANTINE_REASON((store_id, 'text', TRUE), (opened_on, 'date', FALSE))::TEXT AS quarantine_reason
FROM raw_store.store
