MODEL (
  name stg.olist__seller,
  kind VIEW,
  owner analytics_engineering,
  grain (source_file, row_number),
  tags (staging, olist),
  audits (
    not_null(columns := (source_file, row_number)),
    unique_combination_of_columns(columns := (source_file, row_number))
  ),
  description 'One row per seller as the file has it, trimmed, nothing dropped.'
);

SELECT
  _source_file::TEXT AS source_file,
  _row_number::BIGINT AS row_number,
  NULLIF(TRIM(seller_id), '')::TEXT AS seller_id,
  NULLIF(TRIM(seller_zip_code_prefix), '')::TEXT AS postal_prefix,
  NULLIF(TRIM(seller_city), '')::TEXT AS city,
  NULLIF(TRIM(seller_state), '')::TEXT AS state,
  @QUARANTINE_REASON((seller_id, 'text', TRUE))::TEXT AS quarantine_reason
FROM raw_olist.seller
