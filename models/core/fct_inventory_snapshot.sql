MODEL (
  name core.fct_inventory_snapshot,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column snapshot_date
  ),
  owner analytics_engineering,
  grain inventory_snapshot_key,
  references (product_key, store_key),
  depends_on (
    conformed.row_total
  ),
  tags (core, fact),
  audits (
    not_null(
      columns := (
        inventory_snapshot_key,
        snapshot_date,
        product_key,
        store_key,
        on_hand_quantity,
        is_stock_out
      )
    ),
    unique_values(columns := (
      inventory_snapshot_key
    )),
    references_exist(key := product_key, parent := core.dim_product),
    references_exist(key := store_key, parent := core.dim_store),
    rows_match_row_total(entity := 'stock', counted_on := snapshot_date),
    stock_follows_from_the_day_before
  ),
  description 'One row per place, product and day: the stock at the end of the day (periodic snapshot). Quantities on hand and on order are added over products and places, never over days: average them, or take one day. Received and issued quantities are additive.',
  column_descriptions (
    inventory_snapshot_key = 'Surrogate key: hash of source, place, product and day.',
    source = 'The retailer.',
    location_id = 'Natural key of the warehouse or store that the stock lies in.',
    product_id = 'The product''s natural key.',
    snapshot_date = 'The day, in the shop''s own time zone; the time column.',
    counted_at = 'The instant at which the day ended.',
    product_key = 'The product as of the end of the day.',
    store_key = 'The place, in core.dim_store.',
    on_hand_quantity = 'Pieces there at the end of the day. Not additive over days.',
    on_order_quantity = 'Pieces ordered from the supplier and not received yet. Not additive over days.',
    received_quantity = 'Pieces that came in on the day.',
    issued_quantity = 'Pieces that left on the day.',
    reorder_point_quantity = 'On hand and on order together at or below which it is ordered. Not additive over days.',
    order_up_to_quantity = 'The quantity that an order fills up to. Not additive over days.',
    lead_time_days = 'Days from ordering to receiving. Not additive.',
    is_stock_out = 'Nothing was left at the end of the day.'
  )
);

WITH stock AS (
  SELECT
    *
  FROM conformed.stock
  WHERE
    snapshot_date BETWEEN @start_date AND @end_date
)
SELECT
  @SURROGATE_KEY(stock.source, stock.location_id, stock.product_id, stock.snapshot_date)::UUID AS inventory_snapshot_key,
  stock.source::TEXT AS source,
  stock.location_id::TEXT AS location_id,
  stock.product_id::TEXT AS product_id,
  stock.snapshot_date::DATE AS snapshot_date,
  stock.counted_at::TIMESTAMPTZ AS counted_at,
  COALESCE(product.product_key, @UNKNOWN_KEY())::UUID AS product_key,
  COALESCE(store.store_key, @UNKNOWN_KEY())::UUID AS store_key,
  stock.on_hand_quantity::DECIMAL(18, 3) AS on_hand_quantity,
  stock.on_order_quantity::DECIMAL(18, 3) AS on_order_quantity,
  stock.received_quantity::DECIMAL(18, 3) AS received_quantity,
  stock.issued_quantity::DECIMAL(18, 3) AS issued_quantity,
  stock.reorder_point_quantity::DECIMAL(18, 3) AS reorder_point_quantity,
  stock.order_up_to_quantity::DECIMAL(18, 3) AS order_up_to_quantity,
  stock.lead_time_days::INT AS lead_time_days,
  (
    stock.on_hand_quantity = 0
  )::BOOLEAN AS is_stock_out
FROM stock
LEFT JOIN core.dim_product AS product
  ON product.source = stock.source
  AND product.product_id = stock.product_id
  AND stock.counted_at > product.valid_from_at
  AND stock.counted_at <= product.valid_to_at
LEFT JOIN core.dim_store AS store
  ON store.source = stock.source AND store.store_id = stock.location_id;

@INDEX_ON(snapshot_date);

@INDEX_ON_ROWS(product_key = @UNKNOWN_KEY() AND NOT product_id IS NULL, snapshot_date)
