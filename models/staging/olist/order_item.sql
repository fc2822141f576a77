MODEL (
  name stg.olist__order_item,
  kind VIEW,
  owner analytics_engineering,
  grain (source_file, row_number),
  tags (staging, olist),
  audits (
    not_null(columns := (source_file, row_number)),
    unique_combination_of_columns(columns := (source_file, row_number))
  ),
  description 'One row per piece sold as the file has it, typed, nothing dropped. Count only pieces without a quarantine_reason.'
);

/* A view, and order_id as it stands, so that a day's orders find their pieces by the raw table's index. */
SELECT
  _source_file::TEXT AS source_file,
  _row_number::BIGINT AS row_number,
  order_id::TEXT AS order_id,
  @CAST_OR_NULL(order_item_id, 'integer')::INT AS item_number,
  NULLIF(TRIM(product_id), '')::TEXT AS product_id,
  NULLIF(TRIM(seller_id), '')::TEXT AS seller_id,
  (
    @CAST_OR_NULL(shipping_limit_date, 'timestamp') AT TIME ZONE 'America/Sao_Paulo'
  )::TIMESTAMPTZ AS hand_over_limit_at,
  @CAST_OR_NULL(price, 'numeric(12, 4)')::DECIMAL(12, 4) AS price_amount,
  @CAST_OR_NULL(freight_value, 'numeric(12, 4)')::DECIMAL(12, 4) AS freight_amount,
  'BRL'::TEXT AS currency,
  @QUARANTINE_REASON(
    (order_id, 'text', TRUE),
    (order_item_id, 'integer', TRUE),
    (product_id, 'text', TRUE),
    (seller_id, 'text', TRUE),
    (shipping_limit_date, 'timestamp', FALSE),
    (price, 'numeric(12, 4)', TRUE, '[+]?[0-9.]+'),
    (freight_value, 'numeric(12, 4)', TRUE, '[+]?[0-9.]+')
  )::TEXT AS quarantine_reason
FROM raw_olist.order_item
