MODEL (
  name bi.customer_next_product,
  kind VIEW,
  owner data_science,
  grain (source, customer_id),
  tags (bi, customers),
  grants (
    "select" = ARRAY['bi_reader']
  ),
  audits (
    not_null(columns := (source, customer_id)),
    unique_combination_of_columns(columns := (source, customer_id)),
    no_personal_values(columns := (
      customer_id
    ))
  ),
  description 'One row per source and current customer with a recommendation: the first product to discover and the first to buy again, as of the last order_date of the source. Join it to bi.customer_value by source and customer_id, which may have a row per currency. Nothing here is additive. Answers: what to offer this customer next.',
  column_descriptions (
    source = 'The shop.',
    customer_id = 'The customer''s natural key in its source.',
    next_product_id = 'The first product of the list discovery; empty where nothing is left to discover.',
    next_product_name = 'Its name, where the source has one.',
    next_product_reason = 'Why, in words.',
    next_product_method = 'How it was found: ease, ials or popularity.',
    buy_again_product_id = 'The first product of the list buy_again; empty where the customer bought nothing that is offered.',
    buy_again_product_name = 'Its name, where the source has one.',
    buy_again_reason = 'Why, in words.',
    as_of_date = 'The last order_date of the source: nothing later was known.'
  )
);

WITH first_place AS (
  SELECT
    source,
    customer_id,
    MAX(product_id) FILTER(WHERE
      list = 'discovery') AS next_product_id,
    MAX(reason) FILTER(WHERE
      list = 'discovery') AS next_product_reason,
    MAX(method) FILTER(WHERE
      list = 'discovery') AS next_product_method,
    MAX(product_id) FILTER(WHERE
      list = 'buy_again') AS buy_again_product_id,
    MAX(reason) FILTER(WHERE
      list = 'buy_again') AS buy_again_reason,
    MAX(as_of_date) AS as_of_date
  FROM ml.product_recommendation
  WHERE
    rank = 1
  GROUP BY
    source,
    customer_id
)
SELECT
  first_place.source::TEXT AS source,
  first_place.customer_id::TEXT AS customer_id,
  first_place.next_product_id::TEXT AS next_product_id,
  next_product.product_name::TEXT AS next_product_name,
  first_place.next_product_reason::TEXT AS next_product_reason,
  first_place.next_product_method::TEXT AS next_product_method,
  first_place.buy_again_product_id::TEXT AS buy_again_product_id,
  buy_again.product_name::TEXT AS buy_again_product_name,
  first_place.buy_again_reason::TEXT AS buy_again_reason,
  first_place.as_of_date::DATE AS as_of_date
FROM first_place
LEFT JOIN core.dim_product AS next_product
  ON next_product.source = first_place.source
  AND next_product.product_id = first_place.next_product_id
  AND next_product.is_current
LEFT JOIN core.dim_product AS buy_again
  ON buy_again.source = first_place.source
  AND buy_again.product_id = first_place.buy_again_product_id
  AND buy_again.is_current
