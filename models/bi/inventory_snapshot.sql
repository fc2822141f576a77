MODEL (
  name bi.inventory_snapshot,
  kind VIEW,
  owner analytics_engineering,
  grain inventory_snapshot_key,
  tags (
    bi
  ),
  grants (
    "select" = ARRAY['bi_reader']
  ),
  description 'One row per place, product and day: the stock at the end of the day. Quantities on hand and on order are added over products and places, never over days.',
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

SELECT
  inventory_snapshot_key::UUID AS inventory_snapshot_key,
  source::TEXT AS source,
  location_id::TEXT AS location_id,
  product_id::TEXT AS product_id,
  snapshot_date::DATE AS snapshot_date,
  counted_at::TIMESTAMPTZ AS counted_at,
  product_key::UUID AS product_key,
  store_key::UUID AS store_key,
  on_hand_quantity::DECIMAL(18, 3) AS on_hand_quantity,
  on_order_quantity::DECIMAL(18, 3) AS on_order_quantity,
  received_quantity::DECIMAL(18, 3) AS received_quantity,
  issued_quantity::DECIMAL(18, 3) AS issued_quantity,
  reorder_point_quantity::DECIMAL(18, 3) AS reorder_point_quantity,
  order_up_to_quantity::DECIMAL(18, 3) AS order_up_to_quantity,
  lead_time_days::INT AS lead_time_days,
  is_stock_out::BOOLEAN AS is_stock_out
FROM core.fct_inventory_snapshot
