MODEL (
  name stg.store__judged_shipment,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column handed_over_date
  ),
  owner analytics_engineering,
  signals (
    data_has_landed()
  ),
  grain (source_file, row_number),
  tags (staging, store, judged),
  audits (
    not_null(
      columns := (source_file, row_number, handed_over_date, copy_number, is_superseded)
    ),
    unique_combination_of_columns(columns := (source_file, row_number)),
    staged_rows_match_raw(raw_table := raw_store.shipment, staged_on := handed_over_date)
  ),
  description 'One row per row of a parcel with its verdict, as it was when its day was computed. A row counts where rule_name is empty, copy_number is 1 and it is not superseded.'
);

WITH staged AS MATERIALIZED (
  SELECT
    *
  FROM stg.store__shipment
  WHERE
    handed_over_date BETWEEN @start_date AND @end_date
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
      (staged.order_id, known_order.order_id),
      (staged.warehouse_id, known_warehouse.warehouse_id)
    ) AS orphan_reason
  FROM staged
  LEFT JOIN known_order
    ON known_order.order_id = staged.order_id
  LEFT JOIN known_warehouse
    ON known_warehouse.warehouse_id = staged.warehouse_id
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
  handed_over_date::DATE AS handed_over_date,
  shipment_id::TEXT AS shipment_id,
  order_id::TEXT AS order_id,
  warehouse_id::TEXT AS warehouse_id,
  carrier::TEXT AS carrier,
  destination_city::TEXT AS destination_city,
  destination_state::TEXT AS destination_state,
  destination_postal_prefix::TEXT AS destination_postal_prefix,
  handed_over_at::TIMESTAMPTZ AS handed_over_at,
  promised_date::DATE AS promised_date,
  delivered_at::TIMESTAMPTZ AS delivered_at,
  delivered_date::DATE AS delivered_date,
  rule_name::TEXT AS rule_name,
  NULLIF(ARRAY_TO_STRING(ARRAY[quarantine_reason, orphan_reason], '; '), '')::TEXT AS reason,
  NULL::TEXT AS quality_flag,
  CASE
    WHEN rule_name IS NULL
    THEN ROW_NUMBER() OVER (
      PARTITION BY handed_over_date, shipment_id, delivered_at, rule_name
      ORDER BY source_file, row_number
    )
    ELSE 1
  END::INT AS copy_number, /* 2 and more: the parcel in the same state again */
  (
    rule_name IS NULL
    AND delivered_at IS DISTINCT FROM MAX(delivered_at) OVER (PARTITION BY handed_over_date, shipment_id, rule_name)
  )::BOOLEAN AS is_superseded /* another row of the parcel knows of its delivery, or of a later one */
FROM judged;

@INDEX_ON(handed_over_date);

@INDEX_ON_ROWS(NOT rule_name IS NULL, handed_over_date)
