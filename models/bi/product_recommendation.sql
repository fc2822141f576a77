MODEL (
  name bi.product_recommendation,
  kind VIEW,
  owner data_science,
  grain (source, customer_id, list, rank),
  tags (bi, customers),
  grants (
    "select" = ARRAY['bi_reader']
  ),
  audits (
    not_null(columns := (source, customer_id, list, rank)),
    unique_combination_of_columns(columns := (source, customer_id, list, rank)),
    no_personal_values(columns := (
      customer_id
    ))
  ),
  description 'One row per source, current customer, list (buy_again or discovery) and place in it, as of the last order_date of the source. Products that are out of stock or were taken out of the catalogue are left out. How good the lists are stands in ml.product_recommendation_evaluation. Nothing here is additive. Answers: what to offer a customer next, and why.',
  column_descriptions (
    source = 'The shop.',
    customer_id = 'The customer''s natural key in its source.',
    list = 'buy_again: products that the customer bought before; discovery: products that the customer never bought.',
    rank = 'Place in the list, from 1. Not additive.',
    product_id = 'The product that is recommended.',
    product_name = 'Its name, where the source has one.',
    category = 'Its category, where the source has one.',
    score = 'What the method ranks by; comparable within a method only. Not additive.',
    method = 'How it was found: ease, ials, popularity or time_decayed_frequency.',
    reason = 'Why, in words.',
    because_product_id = 'The product in the customer''s history that speaks most for this one; empty where no single one does.',
    because_product_name = 'Its name, where the source has one.',
    as_of_date = 'The last order_date of the source: nothing later was known.'
  )
);

SELECT
  recommended.source::TEXT AS source,
  recommended.customer_id::TEXT AS customer_id,
  recommended.list::TEXT AS list,
  recommended.rank::INT AS rank,
  recommended.product_id::TEXT AS product_id,
  product.product_name::TEXT AS product_name,
  product.category::TEXT AS category,
  recommended.score::DOUBLE PRECISION AS score,
  recommended.method::TEXT AS method,
  recommended.reason::TEXT AS reason,
  recommended.because_product_id::TEXT AS because_product_id,
  because.product_name::TEXT AS because_product_name,
  recommended.as_of_date::DATE AS as_of_date
FROM ml.product_recommendation AS recommended
LEFT JOIN core.dim_product AS product
  ON product.source = recommended.source
  AND product.product_id = recommended.product_id
  AND product.is_current
LEFT JOIN core.dim_product AS because
  ON because.source = recommended.source
  AND because.product_id = recommended.because_product_id
  AND because.is_current
