MODEL (
  name stg.store__judged_web_order,
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
    not_null(columns := (source_file, row_number, order_date, copy_number, is_superseded)),
    unique_combination_of_columns(columns := (source_file, row_number)),
    staged_rows_match_raw(raw_table := raw_store.web_order)
  ),
  description 'One row per document of a web order, on the day of the order, with the verdict on it. A document counts where rule_name IS NULL, copy_number = 1 and NOT is_superseded. The verdict is that of the time when the day was computed: a document that waits for a product or customer is judged again once the day is.'
);

WITH document AS MATERIALIZED (
  SELECT
    *
  FROM stg.store__web_order
  WHERE
    order_date BETWEEN @start_date AND @end_date
), known_warehouse AS (
  SELECT DISTINCT
    warehouse_id
  FROM stg.store__warehouse
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
), unknown_product AS (
  SELECT
    document.source_file,
    document.row_number,
    STRING_AGG(
      
        'product_id ''' || (
          line.content ->> 'product_id'
        ) || ''' is unknown (line ' || line.place || ')',
        '; '
      
      ORDER BY
        line.place
    ) AS reason
  FROM document
  CROSS JOIN LATERAL JSONB_ARRAY_ELEMENTS(document.lines) WITH ORDINALITY AS line(content, place)
  LEFT JOIN known_product
    ON known_product.product_id = TRIM(line.content ->> 'product_id')
  WHERE
    known_product.product_id IS NULL
  GROUP BY
    document.source_file,
    document.row_number
), referred AS (
  SELECT
    document.*,
    @ORPHAN_REASON(
      (document.warehouse_id, known_warehouse.warehouse_id),
      (document.customer_id, known_customer.customer_id),
      unknown_product.reason
    ) AS orphan_reason
  FROM document
  LEFT JOIN known_warehouse
    ON known_warehouse.warehouse_id = document.warehouse_id
  LEFT JOIN known_customer
    ON known_customer.customer_id = document.customer_id
  LEFT JOIN unknown_product
    ON unknown_product.source_file = document.source_file
    AND unknown_product.row_number = document.row_number
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
  order_id::TEXT AS order_id,
  change_number::BIGINT AS change_number,
  updated_at::TIMESTAMPTZ AS updated_at,
  status::TEXT AS status,
  placed_at::TIMESTAMPTZ AS placed_at,
  customer_id::TEXT AS customer_id,
  currency::TEXT AS currency,
  warehouse_id::TEXT AS warehouse_id,
  promised_date::DATE AS promised_date,
  shipping_amount::DECIMAL(12, 4) AS shipping_amount,
  payment_method::TEXT AS payment_method,
  payment_status::TEXT AS payment_status,
  paid_amount::DECIMAL(12, 4) AS paid_amount,
  refunded_amount::DECIMAL(12, 4) AS refunded_amount,
  lines::JSONB AS lines,
  rule_name::TEXT AS rule_name, /* the check that it failed first; NULL: accepted */
  NULLIF(ARRAY_TO_STRING(ARRAY[quarantine_reason, orphan_reason], '; '), '')::TEXT AS reason,
  quality_flag::TEXT AS quality_flag,
  CASE
    WHEN rule_name IS NULL
    THEN ROW_NUMBER() OVER (
      PARTITION BY order_date, order_id, change_number, rule_name
      ORDER BY source_file, row_number
    )
    ELSE 1
  END::INT AS copy_number, /* 2 and more: the same change of the same order again, whatever it says now */
  (
    rule_name IS NULL
    AND change_number < MAX(change_number) OVER (PARTITION BY order_date, order_id, rule_name)
  )::BOOLEAN AS is_superseded /* a later accepted document says how the order stands */
FROM judged;

@INDEX_ON(order_date);

@INDEX_ON(order_id);

@INDEX_ON_ROWS(NOT rule_name IS NULL, order_date)
