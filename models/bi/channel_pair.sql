MODEL (
  name bi.channel_pair,
  kind VIEW,
  owner analytics_engineering,
  grain (source, store_product_id, web_product_id),
  tags (bi, products),
  grants (
    "select" = ARRAY['bi_reader']
  ),
  audits (
    not_null(columns := (source, store_product_id, web_product_id)),
    unique_combination_of_columns(columns := (source, store_product_id, web_product_id))
  ),
  description 'One row per source, product bought in a store and product bought on the web by the same customers, where at least channel_pair_minimum_support (config.yaml) of the customers of both channels did so. A customer counts once, whatever the number and order of purchases; a product may stand on both sides. Sources with one channel have no rows. Nothing here is additive. Answers: what a customer of the store looks for on the web, and the other way round.',
  column_descriptions (
    source = 'The shop.',
    store_product_id = 'Product that was bought in a store.',
    store_product_name = 'Its name, where the source has one.',
    web_product_id = 'Product that was bought on the web.',
    web_product_name = 'Its name, where the source has one.',
    customer_count = 'Customers who bought the one in a store and the other on the web. Not additive.',
    store_customer_count = 'Customers of both channels who bought the first product in a store. Not additive.',
    web_customer_count = 'Customers of both channels who bought the second product on the web. Not additive.',
    all_customer_count = 'Known customers who bought in both channels. Not additive.',
    support_rate = 'customer_count by all_customer_count. Not additive.',
    confidence_store_to_web_rate = 'customer_count by store_customer_count. Not additive.',
    confidence_web_to_store_rate = 'customer_count by web_customer_count. Not additive.',
    lift = 'How many times more often the same customers buy both than chance would have it: 1 is chance. Not additive.',
    leverage = 'support_rate less what chance would give. Not additive.'
  )
);

SELECT
  source::TEXT AS source,
  store_product_id::TEXT AS store_product_id,
  store_product_name::TEXT AS store_product_name,
  web_product_id::TEXT AS web_product_id,
  web_product_name::TEXT AS web_product_name,
  customer_count::BIGINT AS customer_count,
  store_customer_count::BIGINT AS store_customer_count,
  web_customer_count::BIGINT AS web_customer_count,
  all_customer_count::BIGINT AS all_customer_count,
  support_rate::DECIMAL(9, 6) AS support_rate,
  confidence_store_to_web_rate::DECIMAL(9, 6) AS confidence_store_to_web_rate,
  confidence_web_to_store_rate::DECIMAL(9, 6) AS confidence_web_to_store_rate,
  lift::DECIMAL(18, 6) AS lift,
  leverage::DECIMAL(9, 6) AS leverage
FROM mart.channel_pair
