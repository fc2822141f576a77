MODEL (
  name mart.channel_pair,
  kind FULL,
  owner analytics_engineering,
  grain (source, store_product_id, web_product_id),
  tags (mart, products),
  audits (
    not_null(
      columns := (source, store_product_id, web_product_id, customer_count, support_rate, lift)
    ),
    unique_combination_of_columns(columns := (source, store_product_id, web_product_id)),
    accepted_range(column := confidence_store_to_web_rate, min_v := 0, max_v := 1),
    accepted_range(column := confidence_web_to_store_rate, min_v := 0, max_v := 1)
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

WITH bought AS (
  SELECT DISTINCT
    sale.source,
    sale.customer_id,
    sale.channel,
    line.product_id
  FROM mart.order_sale AS sale
  JOIN core.fct_order_line AS line
    ON line.order_key = sale.order_key
  WHERE
    NOT sale.customer_id IS NULL
    AND sale.channel IN ('store', 'web')
    AND line.line_kind = 'product'
    AND NOT line.is_return
), bought_by_both AS (
  /* Purchases of the customers who use both channels. */
  SELECT
    *
  FROM (
    SELECT
      bought.*,
      MIN(channel) OVER (PARTITION BY source, customer_id) <> MAX(channel) OVER (PARTITION BY source, customer_id) AS uses_both
    FROM bought
  ) AS marked
  WHERE
    uses_both
), shop AS (
  SELECT
    source,
    COUNT(DISTINCT customer_id) AS customer_count
  FROM bought_by_both
  GROUP BY
    source
), counted AS (
  SELECT
    source,
    channel,
    product_id,
    COUNT(*) AS customer_count
  FROM bought_by_both
  GROUP BY
    source,
    channel,
    product_id
), product AS MATERIALIZED (
  SELECT
    counted.source,
    counted.channel,
    counted.product_id,
    counted.customer_count,
    shop.customer_count AS all_customer_count,
    (
      ROW_NUMBER() OVER (ORDER BY counted.source, counted.channel, counted.product_id)
    )::INT AS product_number
  FROM counted
  JOIN shop
    ON shop.source = counted.source
  WHERE
    counted.customer_count >= @VAR('channel_pair_minimum_support') * shop.customer_count
), customer AS (
  SELECT
    ARRAY_AGG(product.product_number) FILTER(WHERE
      product.channel = 'store') AS store_products,
    ARRAY_AGG(product.product_number) FILTER(WHERE
      product.channel = 'web') AS web_products
  FROM bought_by_both
  JOIN product
    ON product.source = bought_by_both.source
    AND product.channel = bought_by_both.channel
    AND product.product_id = bought_by_both.product_id
  GROUP BY
    bought_by_both.source,
    bought_by_both.customer_id
), pair AS (
  SELECT
    in_store.product_number AS store_number,
    on_web.product_number AS web_number,
    COUNT(*) AS customer_count
  FROM customer
  CROSS JOIN LATERAL UNNEST(customer.store_products) AS in_store(product_number)
  CROSS JOIN LATERAL UNNEST(customer.web_products) AS on_web(product_number)
  GROUP BY
    in_store.product_number,
    on_web.product_number
)
SELECT
  a.source::TEXT AS source,
  a.product_id::TEXT AS store_product_id,
  name_a.product_name::TEXT AS store_product_name,
  b.product_id::TEXT AS web_product_id,
  name_b.product_name::TEXT AS web_product_name,
  pair.customer_count::BIGINT AS customer_count,
  a.customer_count::BIGINT AS store_customer_count,
  b.customer_count::BIGINT AS web_customer_count,
  a.all_customer_count::BIGINT AS all_customer_count,
  (
    pair.customer_count::DECIMAL / a.all_customer_count
  )::DECIMAL(9, 6) AS support_rate,
  (
    pair.customer_count::DECIMAL / a.customer_count
  )::DECIMAL(9, 6) AS confidence_store_to_web_rate,
  (
    pair.customer_count::DECIMAL / b.customer_count
  )::DECIMAL(9, 6) AS confidence_web_to_store_rate,
  (
    pair.customer_count::DECIMAL * a.all_customer_count / a.customer_count / b.customer_count
  )::DECIMAL(18, 6) AS lift,
  (
    pair.customer_count::DECIMAL / a.all_customer_count - a.customer_count::DECIMAL / a.all_customer_count * b.customer_count / a.all_customer_count
  )::DECIMAL(9, 6) AS leverage
FROM pair
JOIN product AS a
  ON a.product_number = pair.store_number
JOIN product AS b
  ON b.product_number = pair.web_number
LEFT JOIN core.dim_product AS name_a
  ON name_a.source = a.source
  AND name_a.product_id = a.product_id
  AND name_a.is_current
LEFT JOIN core.dim_product AS name_b
  ON name_b.source = b.source
  AND name_b.product_id = b.product_id
  AND name_b.is_current
WHERE
  pair.customer_count >= @VAR('channel_pair_minimum_support') * a.all_customer_count;

@INDEX_ON(source, store_product_id)
