MODEL (
  name mart.product_pair,
  kind FULL,
  owner analytics_engineering,
  grain (source, product_a_id, product_b_id),
  tags (mart, products),
  audits (
    not_null(
      columns := (source, product_a_id, product_b_id, basket_count, support_rate, lift)
    ),
    unique_combination_of_columns(columns := (source, product_a_id, product_b_id)),
    accepted_range(column := confidence_a_to_b_rate, min_v := 0, max_v := 1),
    accepted_range(column := confidence_b_to_a_rate, min_v := 0, max_v := 1)
  ),
  description 'One row per source and pair of products that are bought together in at least pair_minimum_support (config.yaml) of the baskets, product_a_id before product_b_id. A basket is an order that sold merchandise; how many pieces of a product it holds does not matter. Nothing here is additive. Answers: what is bought together, and what to show beside it.',
  column_descriptions (
    source = 'The shop.',
    product_a_id = 'One product.',
    product_a_name = 'Its name, where the source has one.',
    product_b_id = 'The other product.',
    product_b_name = 'Its name, where the source has one.',
    basket_count = 'Baskets with both. Not additive: a basket holds many pairs.',
    basket_a_count = 'Baskets with product a. Not additive.',
    basket_b_count = 'Baskets with product b. Not additive.',
    all_basket_count = 'Baskets of the source. Not additive.',
    support_rate = 'Baskets with both as a share of all baskets of the source. Not additive.',
    confidence_a_to_b_rate = 'Share of the baskets with a that also hold b. Not additive.',
    confidence_b_to_a_rate = 'Share of the baskets with b that also hold a. Not additive.',
    lift = 'How many times more often both are in one basket than chance would bring them together: 1 is chance. Not additive.',
    leverage = 'Support less what chance would give. Not additive.'
  )
);

/* Only products that are frequent themselves can be in a frequent pair: the others leave before baskets are joined. */
WITH sold AS (
  SELECT DISTINCT
    source,
    order_key,
    product_id
  FROM core.fct_order_line
  WHERE
    line_kind = 'product' AND NOT is_cancelled AND NOT is_return
), shop AS (
  SELECT
    source,
    COUNT(*) AS basket_count
  FROM mart.order_sale
  GROUP BY
    source
), counted AS (
  SELECT
    source,
    product_id,
    COUNT(*) AS basket_count
  FROM sold
  GROUP BY
    source,
    product_id
), product AS MATERIALIZED (
  SELECT
    counted.source,
    counted.product_id,
    counted.basket_count,
    shop.basket_count AS all_basket_count,
    (
      ROW_NUMBER() OVER (ORDER BY counted.source, counted.product_id)
    )::INT AS product_number
  FROM counted
  JOIN shop
    ON shop.source = counted.source
  WHERE
    counted.basket_count >= @VAR('pair_minimum_support') * shop.basket_count
), basket AS (
  SELECT
    ARRAY_AGG(product.product_number ORDER BY product.product_number) AS products
  FROM sold
  JOIN product
    ON product.source = sold.source AND product.product_id = sold.product_id
  GROUP BY
    sold.order_key
), pair AS (
  /* Each product of a basket with those behind it: no join, whose plan would hang on statistics that there are none of. */
  SELECT
    basket.products[one.place] AS a_number,
    other.product_number AS b_number,
    COUNT(*) AS basket_count
  FROM basket
  CROSS JOIN LATERAL GENERATE_SERIES(1, CARDINALITY(basket.products)) AS one(place)
  CROSS JOIN LATERAL UNNEST(basket.products[one.place + 1:]) AS other(product_number)
  GROUP BY
    basket.products[one.place],
    other.product_number
)
SELECT
  a.source::TEXT AS source,
  a.product_id::TEXT AS product_a_id,
  name_a.product_name::TEXT AS product_a_name,
  b.product_id::TEXT AS product_b_id,
  name_b.product_name::TEXT AS product_b_name,
  pair.basket_count::BIGINT AS basket_count,
  a.basket_count::BIGINT AS basket_a_count,
  b.basket_count::BIGINT AS basket_b_count,
  a.all_basket_count::BIGINT AS all_basket_count,
  (
    pair.basket_count::DECIMAL / a.all_basket_count
  )::DECIMAL(9, 6) AS support_rate,
  (
    pair.basket_count::DECIMAL / a.basket_count
  )::DECIMAL(9, 6) AS confidence_a_to_b_rate,
  (
    pair.basket_count::DECIMAL / b.basket_count
  )::DECIMAL(9, 6) AS confidence_b_to_a_rate,
  (
    pair.basket_count::DECIMAL * a.all_basket_count / a.basket_count / b.basket_count
  )::DECIMAL(18, 6) AS lift,
  (
    pair.basket_count::DECIMAL / a.all_basket_count - a.basket_count::DECIMAL / a.all_basket_count * b.basket_count / a.all_basket_count
  )::DECIMAL(9, 6) AS leverage
FROM pair
JOIN product AS a
  ON a.product_number = pair.a_number
JOIN product AS b
  ON b.product_number = pair.b_number
LEFT JOIN core.dim_product AS name_a
  ON name_a.source = a.source
  AND name_a.product_id = a.product_id
  AND name_a.is_current
LEFT JOIN core.dim_product AS name_b
  ON name_b.source = b.source
  AND name_b.product_id = b.product_id
  AND name_b.is_current
WHERE
  pair.basket_count >= @VAR('pair_minimum_support') * a.all_basket_count;

@INDEX_ON(source, product_a_id);

@INDEX_ON(source, product_b_id)
