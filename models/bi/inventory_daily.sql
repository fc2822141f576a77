MODEL (
  name bi.inventory_daily,
  kind VIEW,
  owner analytics_engineering,
  grain inventory_snapshot_key,
  tags (bi, inventory),
  grants (
    "select" = ARRAY['bi_reader']
  ),
  audits (
    not_null(columns := (
      inventory_snapshot_key
    )),
    unique_values(columns := (
      inventory_snapshot_key
    ))
  ),
  description 'One row per place, product and day of the stock snapshot, with what the stock was worth. Quantities on hand and on order and their value are added over products and places, never over days; issued and received quantities are additive. Answers: how the stock went, what was sold out when.',
  column_descriptions (
    inventory_snapshot_key = 'The snapshot, in core.fct_inventory_snapshot.',
    source = 'The retailer.',
    location_id = 'Natural key of the warehouse or store that the stock lies in.',
    location_name = 'What the warehouse or store is called.',
    product_id = 'The product''s natural key.',
    product_name = 'Name of the product, where the source has one.',
    category = 'Category of the product, where the source has one.',
    brand = 'Brand of the product, where the source has one.',
    snapshot_date = 'The day, in the shop''s own time zone; the time column.',
    store_key = 'The place, in core.dim_store.',
    product_key = 'The product as of the end of the day.',
    on_hand_quantity = 'Pieces there at the end of the day. Not additive over days.',
    on_order_quantity = 'Pieces ordered from the supplier and not received yet. Not additive over days.',
    received_quantity = 'Pieces that came in on the day.',
    issued_quantity = 'Pieces that left on the day.',
    demand_quantity = 'Pieces wanted, as far as the day shows: those that left; empty on a day on which there was nothing to sell.',
    is_stock_out = 'Nothing was left at the end of the day.',
    is_demand_censored = 'demand_quantity tells the least that was wanted, or nothing, because the day ended without stock.',
    unit_cost_amount = 'What a piece cost as of the day, where the source says. Not additive.',
    stock_value_amount = 'Pieces on hand at what they cost as of the day; empty where the cost is not known. Adds up over store, place, category and product, never over currencies.',
    currency = 'Currency of the amounts, ISO 4217; empty where the product has no price.'
  )
);

SELECT
  stock.inventory_snapshot_key::UUID AS inventory_snapshot_key,
  stock.source::TEXT AS source,
  stock.location_id::TEXT AS location_id,
  place.store_name::TEXT AS location_name,
  stock.product_id::TEXT AS product_id,
  product.product_name::TEXT AS product_name,
  product.category::TEXT AS category,
  product.brand::TEXT AS brand,
  stock.snapshot_date::DATE AS snapshot_date,
  stock.store_key::UUID AS store_key,
  stock.product_key::UUID AS product_key,
  stock.on_hand_quantity::DECIMAL(18, 3) AS on_hand_quantity,
  stock.on_order_quantity::DECIMAL(18, 3) AS on_order_quantity,
  stock.received_quantity::DECIMAL(18, 3) AS received_quantity,
  stock.issued_quantity::DECIMAL(18, 3) AS issued_quantity,
  stock.demand_quantity::DECIMAL(18, 3) AS demand_quantity,
  stock.is_stock_out::BOOLEAN AS is_stock_out,
  stock.is_demand_censored::BOOLEAN AS is_demand_censored,
  product.cost_amount::DECIMAL(18, 4) AS unit_cost_amount,
  (
    stock.on_hand_quantity * product.cost_amount
  )::DECIMAL(18, 4) AS stock_value_amount,
  product.currency::TEXT AS currency
FROM mart.inventory_daily AS stock
/* Left joins, which Postgres leaves out where a report asks for none of their columns: the keys are unique, and audited. */
LEFT JOIN core.dim_product AS product
  ON product.product_key = stock.product_key
LEFT JOIN core.dim_store AS place
  ON place.store_key = stock.store_key
