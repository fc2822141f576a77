MODEL (
  name bi.product_pair,
  kind VIEW,
  owner analytics_engineering,
  grain (source, product_a_id, product_b_id),
  tags (bi, products),
  grants (
    "select" = ARRAY['bi_reader']
  ),
  audits (
    not_null(columns := (source, product_a_id, product_b_id)),
    unique_combination_of_columns(columns := (source, product_a_id, product_b_id))
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

SELECT
  source::TEXT AS source,
  product_a_id::TEXT AS product_a_id,
  product_a_name::TEXT AS product_a_name,
  product_b_id::TEXT AS product_b_id,
  product_b_name::TEXT AS product_b_name,
  basket_count::BIGINT AS basket_count,
  basket_a_count::BIGINT AS basket_a_count,
  basket_b_count::BIGINT AS basket_b_count,
  all_basket_count::BIGINT AS all_basket_count,
  support_rate::DECIMAL(9, 6) AS support_rate,
  confidence_a_to_b_rate::DECIMAL(9, 6) AS confidence_a_to_b_rate,
  confidence_b_to_a_rate::DECIMAL(9, 6) AS confidence_b_to_a_rate,
  lift::DECIMAL(18, 6) AS lift,
  leverage::DECIMAL(9, 6) AS leverage
FROM mart.product_pair
