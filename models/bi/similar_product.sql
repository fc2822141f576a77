MODEL (
  name bi.similar_product,
  kind VIEW,
  owner data_science,
  grain (source, product_id, rank),
  tags (bi, products),
  grants (
    "select" = ARRAY['bi_reader']
  ),
  audits (
    not_null(columns := (source, product_id, rank)),
    unique_combination_of_columns(columns := (source, product_id, rank))
  ),
  description 'One row per source, product that was ever sold and place in its list of up to ten similar products: those that the same customers bought, at any time. What is out of stock or was taken out of the catalogue has a list, and is in none. Nothing here is additive. Answers: what to show beside a product, and in the place of one that is gone.',
  column_descriptions (
    source = 'The shop.',
    product_id = 'The product.',
    product_name = 'Its name, where the source has one.',
    rank = 'Place in its list, from 1. Not additive.',
    similar_product_id = 'The similar product.',
    similar_product_name = 'Its name, where the source has one.',
    score = 'Cosine of the two products'' customers, shrunk where they are few; 0 to 1. Not additive.',
    customer_count = 'Customers who bought both. Not additive: a customer buys many products.',
    as_of_date = 'The last order_date of the source: nothing later was known.'
  )
);

SELECT
  listed.source::TEXT AS source,
  listed.product_id::TEXT AS product_id,
  product.product_name::TEXT AS product_name,
  listed.rank::INT AS rank,
  listed.similar_product_id::TEXT AS similar_product_id,
  similar_product.product_name::TEXT AS similar_product_name,
  listed.score::DOUBLE PRECISION AS score,
  listed.customer_count::BIGINT AS customer_count,
  listed.as_of_date::DATE AS as_of_date
FROM ml.similar_product AS listed
LEFT JOIN core.dim_product AS product
  ON product.source = listed.source
  AND product.product_id = listed.product_id
  AND product.is_current
LEFT JOIN core.dim_product AS similar_product
  ON similar_product.source = listed.source
  AND similar_product.product_id = listed.similar_product_id
  AND similar_product.is_current
