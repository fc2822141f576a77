MODEL (
  name stg.store__judged_stock,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column snapshot_date
  ),
  owner analytics_engineering,
  signals (
    data_has_landed()
  ),
  grain (source_file, row_number),
  tags (staging, store, judged),
  audits (
    not_null(columns := (source_file, row_number, snapshot_date, copy_number)),
    unique_combination_of_columns(columns := (source_file, row_number)),
    staged_rows_match_raw(raw_table := raw_store.stock, staged_on := snapshot_date)
  ),
  description 'One row per row of stock with its verdict, as it was when its day was computed. A row counts where rule_name is empty and copy_number is 1.'
);

WITH staged AS (
  SELECT
    *
  FROM stg.store__stock
  WHERE
    snapshot_date BETWEEN @start_date AND @end_date
  OFFSET 0 /* a fence: without it Postgres works the reason out again in each column that asks for it */
), known_product AS MATERIALIZED (
  SELECT DISTINCT
    product_id
  FROM stg.store__product_feed
  WHERE
    quarantine_reason IS NULL
), known_warehouse AS MATERIALIZED (
  SELECT DISTINCT
    warehouse_id
  FROM stg.store__warehouse
  WHERE
    quarantine_reason IS NULL
), looked_up AS (
  SELECT
    staged.*,
    @ORPHAN_REASON(
      (staged.location_id, known_warehouse.warehouse_id),
      (staged.product_id, known_product.product_id)
    ) AS orphan_reason
  FROM staged
  LEFT JOIN known_warehouse
    ON known_warehouse.warehouse_id = staged.location_id
  LEFT JOIN known_product
    ON known_product.product_id = staged.product_id
  OFFSET 0
), judged AS (
  SELECT
    *,
    @FAILED_RULE(quarantine_reason, orphan_reason) AS rule_name
  FROM looked_up
)
SELECT
  source_file::TEXT AS source_file,
  row_number::BIGINT AS row_number,
  snapshot_date::DATE AS snapshot_date,
  location_id::TEXT AS location_id,
  product_id::TEXT AS product_id,
  on_hand_quantity::INT AS on_hand_quantity,
  on_order_quantity::INT AS on_order_quantity,
  received_quantity::INT AS received_quantity,
  issued_quantity::INT AS issued_quantity,
  reorder_point_quantity::INT AS reorder_point_quantity,
  order_up_to_quantity::INT AS order_up_to_quantity,
  lead_time_days::INT AS lead_time_days,
  rule_name::TEXT AS rule_name,
  NULLIF(ARRAY_TO_STRING(ARRAY[quarantine_reason, orphan_reason], '; '), '')::TEXT AS reason,
  NULL::TEXT AS quality_flag,
  CASE
    WHEN rule_name IS NULL
    THEN ROW_NUMBER() OVER (
      PARTITION BY snapshot_date, location_id, product_id, rule_name
      ORDER BY source_file, row_number
    )
    ELSE 1
  END::INT AS copy_number /* 2 and more: the warehouse and product again, on the same day */
FROM judged;

@INDEX_ON(snapshot_date);

@INDEX_ON_ROWS(NOT rule_name IS NULL, snapshot_date)
