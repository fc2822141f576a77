MODEL (
  name bi.product_demand_forecast,
  kind VIEW,
  owner data_science,
  grain (source, product_id, channel, store_key, week_start_date),
  tags (bi, forecast),
  grants (
    "select" = ARRAY['bi_reader']
  ),
  audits (
    not_null(columns := (source, product_id, channel, store_key, week_start_date)),
    unique_combination_of_columns(columns := (source, product_id, channel, store_key, week_start_date))
  ),
  description 'One row per source, product, channel, store and week to come, for what sold lately. Forecasts add up over products, stores and weeks; bounds of intervals do not. Answers: how much of what has to be where.',
  column_descriptions (
    source = 'The shop.',
    product_id = 'The product''s natural key.',
    product_name = 'What it is called now.',
    category = 'Category of the product now.',
    channel = 'Where it is sold: web, marketplace, store.',
    store_key = 'The store that sells; Unknown where none does, as on the web.',
    store_name = 'What the store is called.',
    week_start_date = 'The Monday of the week.',
    recent_units = 'Mean units per week of the last 8 weeks known: what the forecast is to be compared with. Not additive over weeks.',
    forecast_units = 'Expected units sold in the week; not rounded. Adds up over products, stores and weeks.',
    low_80_units = 'Lower bound of the 80 % interval; not below zero. Not additive.',
    high_80_units = 'Upper bound of the 80 % interval. Not additive.',
    low_90_units = 'Lower bound of the 90 % interval; not below zero. Not additive.',
    high_90_units = 'Upper bound of the 90 % interval. Not additive.',
    demand_class = 'new (known for under 8 weeks), smooth, erratic, intermittent or lumpy, by interval and size of sales.',
    method = 'The method that the forecast comes from.',
    origin_date = 'The Monday from which on nothing was known.',
    as_of_date = 'The last order_date of the source.',
    note = 'What to keep in mind about the forecast.'
  )
);

SELECT
  forecast.source::TEXT AS source,
  forecast.product_id::TEXT AS product_id,
  product.product_name::TEXT AS product_name,
  COALESCE(product.category, 'unknown')::TEXT AS category,
  forecast.channel::TEXT AS channel,
  forecast.store_key::UUID AS store_key,
  store.store_name::TEXT AS store_name,
  forecast.week_start_date::DATE AS week_start_date,
  forecast.recent_units::DOUBLE PRECISION AS recent_units,
  forecast.forecast_units::DOUBLE PRECISION AS forecast_units,
  forecast.low_80_units::DOUBLE PRECISION AS low_80_units,
  forecast.high_80_units::DOUBLE PRECISION AS high_80_units,
  forecast.low_90_units::DOUBLE PRECISION AS low_90_units,
  forecast.high_90_units::DOUBLE PRECISION AS high_90_units,
  forecast.demand_class::TEXT AS demand_class,
  forecast.method::TEXT AS method,
  forecast.origin_date::DATE AS origin_date,
  forecast.as_of_date::DATE AS as_of_date,
  forecast.note::TEXT AS note
FROM ml.product_demand_forecast AS forecast
LEFT JOIN core.dim_product AS product
  ON product.source = forecast.source
  AND product.product_id = forecast.product_id
  AND product.is_current
LEFT JOIN core.dim_store AS store
  ON store.store_key = forecast.store_key
