MODEL (
  name conformed.stock,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column snapshot_date
  ),
  owner analytics_engineering,
  grain (source, location_id, product_id, snapshot_date),
  depends_on (
    conformed.row_total
  ),
  tags (
    conformed
  ),
  audits (
    not_null(
      columns := (source, location_id, product_id, snapshot_date, counted_at, on_hand_quantity)
    ),
    unique_combination_of_columns(columns := (source, location_id, product_id, snapshot_date)),
    accepted_range(column := on_hand_quantity, min_v := 0),
    rows_match_row_total(entity := 'stock', counted_on := snapshot_date)
  ),
  description 'One row per source, place, product and day: the stock at the end of the day. Quantities on hand and on order are added over products and places, never over days.'
);

SELECT
  source::TEXT AS source,
  location_id::TEXT AS location_id,
  product_id::TEXT AS product_id,
  snapshot_date::DATE AS snapshot_date,
  counted_at::TIMESTAMPTZ AS counted_at, /* the end of the day in the shop's own time zone */
  on_hand_quantity::DECIMAL(18, 3) AS on_hand_quantity,
  on_order_quantity::DECIMAL(18, 3) AS on_order_quantity,
  received_quantity::DECIMAL(18, 3) AS received_quantity,
  issued_quantity::DECIMAL(18, 3) AS issued_quantity,
  reorder_point_quantity::DECIMAL(18, 3) AS reorder_point_quantity,
  order_up_to_quantity::DECIMAL(18, 3) AS order_up_to_quantity,
  lead_time_days::INT AS lead_time_days
FROM (
  @UNION_SOURCES(
    stock,
    source,
    location_id,
    product_id,
    snapshot_date,
    counted_at,
    on_hand_quantity,
    on_order_quantity,
    received_quantity,
    issued_quantity,
    reorder_point_quantity,
    order_up_to_quantity,
    lead_time_days
  )
) AS sourced
WHERE
  snapshot_date BETWEEN @start_date AND @end_date;

@INDEX_ON(snapshot_date)
