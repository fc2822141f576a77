MODEL (
  name stg.store__rating,
  kind VIEW,
  owner analytics_engineering,
  grain (source_file, row_number),
  tags (staging, store),
  description 'One row per rating as the file has it, typed, nothing dropped. stg.store__judged_rating says which rows count.'
);

WITH rated AS (
  SELECT
    *,
    COALESCE(NULLIF(TRIM(order_id), ''), receipt_id) AS rated_order_id
  FROM raw_store.rating
)
SELECT
  _source_file::TEXT AS source_file,
  _row_number::BIGINT AS row_number,
  _event_date::DATE AS rated_date,
  NULLIF(TRIM(rating_id), '')::TEXT AS rating_id,
  NULLIF(TRIM(customer_id), '')::TEXT AS customer_id,
  NULLIF(TRIM(product_id), '')::TEXT AS product_id,
  NULLIF(TRIM(order_id), '')::TEXT AS order_id,
  NULLIF(TRIM(receipt_id), '')::TEXT AS receipt_id,
  NULLIF(TRIM(rated_order_id), '')::TEXT AS rated_order_id, /* the web order, or else the receipt */
  @CAST_OR_NULL(score, 'integer')::INT AS score,
  (
    @CAST_OR_NULL(rated_at, 'timestamp') AT TIME ZONE 'Asia/Kolkata'
  )::TIMESTAMPTZ AS rated_at,
  @QUARANTINE_REASON(
    (rating_id, 'text', TRUE),
    (product_id, 'text', TRUE),
    (rated_order_id, 'text', TRUE),
    (score, 'integer', TRUE, '[1-5]'),
    (rated_at, 'timestamp', TRUE)
  )::TEXT AS quarantine_reason
FROM rated
