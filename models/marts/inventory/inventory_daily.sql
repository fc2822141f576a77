MODEL (
  name mart.inventory_daily,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column snapshot_date
  ),
  owner analytics_engineering,
  grain inventory_snapshot_key,
  references (product_key, store_key),
  tags (mart, inventory),
  audits (
    not_null(
      columns := (
        inventory_snapshot_key,
        source,
        location_id,
        product_id,
        snapshot_date,
        on_hand_quantity,
        is_stock_out
      )
    ),
    unique_values(columns := (
      inventory_snapshot_key
    )),
    totals_match(
      columns := (source, location_id, snapshot_date),
      measures := (on_hand_quantity, issued_quantity),
      parent := core.fct_inventory_snapshot,
      parent_columns := (source, location_id, snapshot_date),
      parent_measures := (on_hand_quantity, issued_quantity),
      parent_condition := snapshot_date BETWEEN @start_date AND @end_date
    )
  ),
  description 'One row per place, product and day of the stock snapshot, with what was wanted as far as it shows. What the stock was worth is in bi.inventory_daily: a cost may be corrected long after its day. Quantities on hand and on order are added over products and places, never over days; issued and received quantities are additive. Answers: how the stock went, what was sold out when.',
  column_descriptions (
    inventory_snapshot_key = 'The snapshot, in core.fct_inventory_snapshot.',
    source = 'The retailer.',
    location_id = 'Natural key of the warehouse or store that the stock lies in.',
    product_id = 'The product''s natural key.',
    snapshot_date = 'The day, in the shop''s own time zone; the time column.',
    store_key = 'The place, in core.dim_store.',
    product_key = 'The product as of the end of the day.',
    on_hand_quantity = 'Pieces there at the end of the day. Not additive over days.',
    on_order_quantity = 'Pieces ordered from the supplier and not received yet. Not additive over days.',
    received_quantity = 'Pieces that came in on the day.',
    issued_quantity = 'Pieces that left on the day.',
    demand_quantity = 'Pieces wanted, as far as the day shows: those that left; empty on a day on which there was nothing to sell.',
    is_stock_out = 'Nothing was left at the end of the day.',
    is_demand_censored = 'demand_quantity tells the least that was wanted, or nothing, because the day ended without stock.'
  )
);

SELECT
  inventory_snapshot_key::UUID AS inventory_snapshot_key,
  source::TEXT AS source,
  location_id::TEXT AS location_id,
  product_id::TEXT AS product_id,
  snapshot_date::DATE AS snapshot_date,
  store_key::UUID AS store_key,
  product_key::UUID AS product_key,
  on_hand_quantity::DECIMAL(18, 3) AS on_hand_quantity,
  on_order_quantity::DECIMAL(18, 3) AS on_order_quantity,
  received_quantity::DECIMAL(18, 3) AS received_quantity,
  issued_quantity::DECIMAL(18, 3) AS issued_quantity,
  (
    CASE WHEN on_hand_quantity > 0 OR issued_quantity > 0 THEN issued_quantity END
  )::DECIMAL(18, 3) AS demand_quantity,
  is_stock_out::BOOLEAN AS is_stock_out,
  is_stock_out::BOOLEAN AS is_demand_censored
FROM core.fct_inventory_snapshot
WHERE
  snapshot_date BETWEEN @start_date AND @end_date;

@INDEX_ON(snapshot_date);

@INDEX_ON(source, location_id, product_id)
