MODEL (
  name stg.olist__category_translation,
  kind VIEW,
  owner analytics_engineering,
  grain (source_file, row_number),
  tags (staging, olist),
  audits (
    not_null(columns := (source_file, row_number)),
    unique_combination_of_columns(columns := (source_file, row_number))
  ),
  description 'One row per translated category as the file has it, trimmed, nothing dropped.'
);

SELECT
  _source_file::TEXT AS source_file,
  _row_number::BIGINT AS row_number,
  NULLIF(TRIM(product_category_name), '')::TEXT AS source_category,
  NULLIF(TRIM(product_category_name_english), '')::TEXT AS category,
  @QUARANTINE_REASON(
    (product_category_name, 'text', TRUE),
    (product_category_name_english, 'text', TRUE)
  )::TEXT AS quarantine_reason
FROM raw_olist.category_translation
