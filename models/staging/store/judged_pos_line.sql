MODEL (
  name stg.store__judged_pos_line,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column order_date
  ),
  owner analytics_engineering,
  signals (
    data_has_landed()
  ),
  grain (source_file, row_number),
  tags (staging, store, judged),
  audits (
    not_null(columns := (source_file, row_number, order_date, copy_number)),
    unique_combination_of_columns(columns := (source_file, row_number)),
    staged_rows_match_raw(raw_table := raw_store.pos_line)
  ),
  description 'One row per line of a receipt with the verdict on it. A line counts where rule_name IS NULL and copy_number = 1. The verdict is that of the time when the day was computed: a line that waits for its product or customer is judged again once the day is.'
);

WITH line AS (
  SELECT
    *
  FROM stg.store__pos_line
  WHERE
    order_date BETWEEN @start_date AND @end_date
  OFFSET 0 /* a fence: without it Postgres works the reason out again in each column that asks for it */
), known_store AS (
  SELECT DISTINCT
    store_id
  FROM stg.store__store
  WHERE
    quarantine_reason IS NULL
), known_product AS (
  SELECT DISTINCT
    product_id
  FROM stg.store__product_feed
  WHERE
    quarantine_reason IS NULL
), known_customer AS (
  SELECT DISTINCT
    customer_id
  FROM stg.store__customer_feed
  WHERE
    quarantine_reason IS NULL
), asked_sale AS (
  SELECT DISTINCT
    returned_receipt_id AS receipt_id,
    returned_line_number AS line_number
  FROM stg.store__pos_line
  WHERE
    order_date BETWEEN @start_date AND @end_date AND NOT returned_receipt_id IS NULL
), asked_line AS (
  /* The few sales that are asked for lie on earlier days. Joined by the receipt alone and sorted out in the next step:
     Postgres takes tests of computed columns to leave one row in thousands, and would loop over all customers for each. */
  SELECT
    sale.receipt_id,
    sale.line_number,
    (
      sale.line_number = asked_sale.line_number
      AND sale.quarantine_reason IS NULL
      AND NOT known_store.store_id IS NULL
      AND NOT known_product.product_id IS NULL
      AND (
        sale.customer_id IS NULL OR NOT known_customer.customer_id IS NULL
      )
    ) AS is_accepted
  FROM asked_sale
  JOIN stg.store__pos_line AS sale
    ON sale.receipt_id = asked_sale.receipt_id
  LEFT JOIN known_store
    ON known_store.store_id = sale.store_id
  LEFT JOIN known_product
    ON known_product.product_id = sale.product_id
  LEFT JOIN known_customer
    ON known_customer.customer_id = sale.customer_id
  OFFSET 0
), known_sale AS MATERIALIZED (
  SELECT DISTINCT
    receipt_id,
    line_number
  FROM asked_line
  WHERE
    is_accepted
), referred AS (
  SELECT
    line.*,
    @ORPHAN_REASON(
      (line.store_id, known_store.store_id),
      (line.customer_id, known_customer.customer_id),
      (line.product_id, known_product.product_id),
      CASE
        WHEN NOT line.returned_receipt_id IS NULL AND known_sale.receipt_id IS NULL
        THEN 'returned_receipt_id ''' || line.returned_receipt_id || ''' line ' || COALESCE(line.returned_line_number::TEXT, '?') || ' is unknown'
      END
    ) AS orphan_reason
  FROM line
  LEFT JOIN known_store
    ON known_store.store_id = line.store_id
  LEFT JOIN known_product
    ON known_product.product_id = line.product_id
  LEFT JOIN known_customer
    ON known_customer.customer_id = line.customer_id
  LEFT JOIN known_sale
    ON known_sale.receipt_id = line.returned_receipt_id
    AND known_sale.line_number = line.returned_line_number
  OFFSET 0 /* a fence: what is held back is worked out once a row */
), judged AS (
  SELECT
    *,
    @FAILED_RULE(quarantine_reason, orphan_reason) AS rule_name
  FROM referred
)
SELECT
  source_file::TEXT AS source_file,
  row_number::BIGINT AS row_number,
  order_date::DATE AS order_date,
  receipt_id::TEXT AS receipt_id,
  line_number::INT AS line_number,
  store_id::TEXT AS store_id,
  sold_at::TIMESTAMPTZ AS sold_at,
  customer_id::TEXT AS customer_id,
  product_id::TEXT AS product_id,
  quantity::INT AS quantity,
  unit_price_amount::DECIMAL(12, 4) AS unit_price_amount,
  discount_amount::DECIMAL(12, 4) AS discount_amount,
  tax_amount::DECIMAL(12, 4) AS tax_amount,
  currency::TEXT AS currency,
  promotion_code::TEXT AS promotion_code,
  payment_method::TEXT AS payment_method,
  returned_receipt_id::TEXT AS returned_receipt_id,
  returned_line_number::INT AS returned_line_number,
  rule_name::TEXT AS rule_name, /* the check that it failed first; NULL: accepted */
  NULLIF(ARRAY_TO_STRING(ARRAY[quarantine_reason, orphan_reason], '; '), '')::TEXT AS reason,
  quality_flag::TEXT AS quality_flag,
  CASE
    WHEN rule_name IS NULL
    THEN ROW_NUMBER() OVER (
      PARTITION BY order_date, receipt_id, line_number, rule_name
      ORDER BY source_file, row_number
    )
    ELSE 1
  END::INT AS copy_number /* 2 and more: the same line of the same receipt again, whatever it says now */
FROM judged;

@INDEX_ON(order_date);

@INDEX_ON(receipt_id);

@INDEX_ON_ROWS(NOT rule_name IS NULL, order_date);

@INDEX_ON_ROWS(NOT returned_receipt_id IS NULL, order_date)
