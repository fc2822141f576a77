MODEL (
  name mart.category_pair,
  kind FULL,
  owner analytics_engineering,
  grain (source, category_a, category_b),
  tags (mart, products),
  audits (
    not_null(columns := (source, category_a, category_b, basket_count, support_rate, lift)),
    unique_combination_of_columns(columns := (source, category_a, category_b)),
    accepted_range(column := confidence_a_to_b_rate, min_v := 0, max_v := 1),
    accepted_range(column := confidence_b_to_a_rate, min_v := 0, max_v := 1)
  ),
  description 'One row per source and pair of categories that any basket holds together, category_a before category_b: mart.product_pair by category as of the order, without a minimum, because categories are few. Sources without categories have no rows. Nothing here is additive. Answers: which departments belong together.',
  column_descriptions (
    source = 'The shop.',
    category_a = 'One category.',
    category_b = 'The other category.',
    basket_count = 'Baskets with both. Not additive: a basket holds many pairs.',
    basket_a_count = 'Baskets with category a. Not additive.',
    basket_b_count = 'Baskets with category b. Not additive.',
    all_basket_count = 'Baskets of the source, with and without a category. Not additive.',
    support_rate = 'Baskets with both as a share of all baskets of the source. Not additive.',
    confidence_a_to_b_rate = 'Share of the baskets with a that also hold b. Not additive.',
    confidence_b_to_a_rate = 'Share of the baskets with b that also hold a. Not additive.',
    lift = 'How many times more often both are in one basket than chance would bring them together: 1 is chance. Not additive.',
    leverage = 'Support less what chance would give. Not additive.'
  )
);

WITH sold AS MATERIALIZED (
  SELECT DISTINCT
    line.source,
    line.order_key,
    product.category
  FROM core.fct_order_line AS line
  JOIN core.dim_product AS product
    ON product.product_key = line.product_key
  WHERE
    line.line_kind = 'product'
    AND NOT line.is_cancelled
    AND NOT line.is_return
    AND NOT product.category IS NULL
), shop AS (
  SELECT
    source,
    COUNT(*) AS basket_count
  FROM mart.order_sale
  GROUP BY
    source
), category AS (
  SELECT
    source,
    category,
    COUNT(*) AS basket_count
  FROM sold
  GROUP BY
    source,
    category
), basket AS (
  SELECT
    source,
    ARRAY_AGG(category ORDER BY category) AS categories
  FROM sold
  GROUP BY
    source,
    order_key
), pair AS (
  SELECT
    basket.source,
    basket.categories[one.place] AS category_a,
    other.category AS category_b,
    COUNT(*) AS basket_count
  FROM basket
  CROSS JOIN LATERAL GENERATE_SERIES(1, CARDINALITY(basket.categories)) AS one(place)
  CROSS JOIN LATERAL UNNEST(basket.categories[one.place + 1:]) AS other(category)
  GROUP BY
    basket.source,
    basket.categories[one.place],
    other.category
)
SELECT
  pair.source::TEXT AS source,
  pair.category_a::TEXT AS category_a,
  pair.category_b::TEXT AS category_b,
  pair.basket_count::BIGINT AS basket_count,
  a.basket_count::BIGINT AS basket_a_count,
  b.basket_count::BIGINT AS basket_b_count,
  shop.basket_count::BIGINT AS all_basket_count,
  (
    pair.basket_count::DECIMAL / shop.basket_count
  )::DECIMAL(9, 6) AS support_rate,
  (
    pair.basket_count::DECIMAL / a.basket_count
  )::DECIMAL(9, 6) AS confidence_a_to_b_rate,
  (
    pair.basket_count::DECIMAL / b.basket_count
  )::DECIMAL(9, 6) AS confidence_b_to_a_rate,
  (
    pair.basket_count::DECIMAL * shop.basket_count / a.basket_count / b.basket_count
  )::DECIMAL(18, 6) AS lift,
  (
    pair.basket_count::DECIMAL / shop.basket_count - a.basket_count::DECIMAL / shop.basket_count * b.basket_count / shop.basket_count
  )::DECIMAL(9, 6) AS leverage
FROM pair
JOIN shop
  ON shop.source = pair.source
JOIN category AS a
  ON a.source = pair.source AND a.category = pair.category_a
JOIN category AS b
  ON b.source = pair.source AND b.category = pair.category_b
