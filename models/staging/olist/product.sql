MODEL (
  name stg.olist__product,
  kind VIEW,
  owner analytics_engineering,
  grain (source_file, row_number),
  tags (staging, olist),
  audits (
    not_null(columns := (source_file, row_number)),
    unique_combination_of_columns(columns := (source_file, row_number))
  ),
  description 'One row per catalogue entry as the file has it, typed, nothing dropped.'
);

SELECT
  _source_file::TEXT AS source_file,
  _row_number::BIGINT AS row_number,
  NULLIF(TRIM(product_id), '')::TEXT AS product_id,
  NULLIF(TRIM(product_category_name), '')::TEXT AS source_category,
  @CAST_OR_NULL(product_photos_qty, 'integer')::INT AS photo_count,
  @CAST_OR_NULL(product_weight_g, 'numeric(18, 3)')::DECIMAL(18, 3) AS weight_g,
  @CAST_OR_NULL(product_length_cm, 'numeric(18, 3)')::DECIMAL(18, 3) AS length_cm,
  @CAST_OR_NULL(product_height_cm, 'numeric(18, 3)')::DECIMAL(18, 3) AS height_cm,
  @CAST_OR_NULL(product_width_cm, 'numeric(18, 3)')::DECIMAL(18, 3) AS width_cm,
  @QUARANTINE_REASON(
    (product_id, 'text', TRUE),
    (product_photos_qty, 'integer', FALSE),
    (product_weight_g, 'numeric(18, 3)', FALSE),
    (product_length_cm, 'numeric(18, 3)', FALSE),
    (product_height_cm, 'numeric(18, 3)', FALSE),
    (product_width_cm, 'numeric(18, 3)', FALSE)
  )::TEXT AS quarantine_reason
FROM raw_olist.product
