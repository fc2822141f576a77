MODEL (
  name bi.reorder_list,
  kind VIEW,
  owner analytics_engineering,
  grain (source, location_id, product_id),
  tags (bi, inventory),
  grants (
    "select" = ARRAY['bi_reader']
  ),
  audits (
    not_null(columns := (source, location_id, product_id)),
    unique_combination_of_columns(columns := (source, location_id, product_id))
  ),
  description 'One row per place and product that is to be ordered today. Suggested quantities and amounts are added over products and places; the rest is not. Sort by days_of_supply less lead_time_days: below zero the shelf is empty before the goods come. Answers: what to reorder today.',
  column_descriptions (
    source = 'The retailer.',
    location_id = 'Natural key of the warehouse or store that the stock lies in.',
    location_name = 'What the warehouse or store is called.',
    product_id = 'The product''s natural key.',
    product_name = 'Name of the product, where the source has one.',
    category = 'Category of the product, where the source has one.',
    brand = 'Brand of the product, where the source has one.',
    snapshot_date = 'The day of the last snapshot: as of when the row holds.',
    on_hand_quantity = 'Pieces there.',
    on_order_quantity = 'Pieces ordered from the supplier and not received yet.',
    daily_demand_quantity = 'Estimated demand by day counted in the last demand_window_days. Not additive.',
    days_of_supply = 'How many days of the daily demand are on hand; empty where nothing is wanted. Not additive.',
    lead_time_days = 'Mean days from ordering to receiving; what the source states where no delivery was seen. Not additive.',
    safety_stock_quantity = 'Pieces kept for uncertain demand and deliveries: z × √(lead time × demand deviation² + demand² × lead time deviation²), z the normal quantile of service_level (config.yaml).',
    reorder_level_quantity = 'Daily demand × lead time + safety stock, rounded up: at or below it, on hand and on order together, it is time to order.',
    reorder_point_quantity = 'The source''s own reorder point, for comparison.',
    suggested_order_quantity = 'Pieces that fill on hand and on order up to the reorder level and order_cover_days of the daily demand, rounded up; 0 where nothing is to be ordered. Adds up over store, place, category and product.',
    suggested_order_amount = 'What the suggested quantity costs; empty where the cost is not known. Adds up over place and product, never over currencies.',
    currency = 'Currency of the amount, ISO 4217; empty where the product has no price.'
  )
);

SELECT
  stock.source::TEXT AS source,
  stock.location_id::TEXT AS location_id,
  place.store_name::TEXT AS location_name,
  stock.product_id::TEXT AS product_id,
  product.product_name::TEXT AS product_name,
  product.category::TEXT AS category,
  product.brand::TEXT AS brand,
  stock.snapshot_date::DATE AS snapshot_date,
  stock.on_hand_quantity::DECIMAL(18, 3) AS on_hand_quantity,
  stock.on_order_quantity::DECIMAL(18, 3) AS on_order_quantity,
  stock.daily_demand_quantity::DECIMAL(18, 6) AS daily_demand_quantity,
  stock.days_of_supply::DECIMAL(18, 3) AS days_of_supply,
  stock.lead_time_days::DECIMAL(9, 3) AS lead_time_days,
  stock.safety_stock_quantity::DECIMAL(18, 3) AS safety_stock_quantity,
  stock.reorder_level_quantity::DECIMAL(18, 3) AS reorder_level_quantity,
  stock.reorder_point_quantity::DECIMAL(18, 3) AS reorder_point_quantity,
  stock.suggested_order_quantity::DECIMAL(18, 3) AS suggested_order_quantity,
  (
    stock.suggested_order_quantity * stock.unit_cost_amount
  )::DECIMAL(18, 4) AS suggested_order_amount,
  stock.currency::TEXT AS currency
FROM mart.inventory AS stock
JOIN core.dim_product AS product
  ON product.product_key = stock.product_key
JOIN core.dim_store AS place
  ON place.store_key = stock.store_key
WHERE
  stock.is_to_reorder
