MODEL (
  name stg.store__judged_rating,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column rated_date
  ),
  owner analytics_engineering,
  signals (
    data_has_landed()
  ),
  grain (source_file, row_number),
  tags (staging, store, judged),
  audits (
    not_null(columns := (source_file, row_number, rated_date, copy_number)),
    unique_combination_of_columns(columns := (source_file, row_number)),
    staged_rows_match_raw(raw_table := raw_store.rating, staged_on := rated_date)
  ),
  description 'One row per rating with its verdict, as it was when its day was computed. A rating counts where rule_name is empty and copy_number is 1; its facts stand on the date of its order.'
);

WITH staged AS MATERIALIZED (
  SELECT
    *
  FROM stg.store__rating
  WHERE
    rated_date BETWEEN @start_date AND @end_date
), known_customer AS MATERIALIZED (
  SELECT DISTINCT
    customer_id
  FROM stg.store__customer_feed
  WHERE
    quarantine_reason IS NULL
), known_product AS MATERIALIZED (
  SELECT DISTINCT
    product_id
  FROM stg.store__product_feed
  WHERE
    quarantine_reason IS NULL
), known_order AS MATERIALIZED (
  SELECT DISTINCT
    order_id
  FROM stg.store__judged_web_order
  WHERE
    rule_name IS NULL AND order_id IN (
      SELECT
        order_id
      FROM staged
    )
), known_receipt AS MATERIALIZED (
  SELECT DISTINCT
    receipt_id
  FROM stg.store__judged_pos_line
  WHERE
    rule_name IS NULL AND receipt_id IN (
      SELECT
        receipt_id
      FROM staged
    )
), looked_up AS (
  SELECT
    staged.*,
    @ORPHAN_REASON(
      (staged.customer_id, known_customer.customer_id),
      (staged.product_id, known_product.product_id),
      (staged.order_id, known_order.order_id),
      (staged.receipt_id, known_receipt.receipt_id)
    ) AS orphan_reason
  FROM staged
  LEFT JOIN known_customer
    ON known_customer.customer_id = staged.customer_id
  LEFT JOIN known_product
    ON known_product.product_id = staged.product_id
  LEFT JOIN known_order
    ON known_order.order_id = staged.order_id
  LEFT JOIN known_receipt
    ON known_receipt.receipt_id = staged.receipt_id
  OFFSET 0 /* a fence: what is held back is worked out once a row */
), judged AS (
  SELECT
    *,
    @FAILED_RULE(quarantine_reason, orphan_reason) AS rule_name
  FROM looked_up
)
SELECT
  source_file::TEXT AS source_file,
  row_number::BIGINT AS row_number,
  rated_date::DATE AS rated_date,
  rating_id::TEXT AS rating_id,
  customer_id::TEXT AS customer_id,
  product_id::TEXT AS product_id,
  order_id::TEXT AS order_id,
  receipt_id::TEXT AS receipt_id,
  rated_order_id::TEXT AS rated_order_id, /* the web order, or else the receipt */
  score::INT AS score,
  rated_at::TIMESTAMPTZ AS rated_at,
  rule_name::TEXT AS rule_name,
  NULLIF(ARRAY_TO_STRING(ARRAY[quarantine_reason, orphan_reason], '; '), '')::TEXT AS reason,
  NULL::TEXT AS quality_flag,
  CASE
    WHEN rule_name IS NULL
    THEN ROW_NUMBER() OVER (PARTITION BY rated_date, rating_id, rule_name ORDER BY source_file, row_number)
    ELSE 1
  END::INT AS copy_number /* 2 and more: the rating again, on the same day */
FROM judged;

@INDEX_ON(rated_date);

@INDEX_ON(rated_order_id);

@INDEX_ON_ROWS(NOT rule_name IS NULL, rated_date)
