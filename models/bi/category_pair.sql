MODEL (
  name bi.category_pair,
  kind VIEW,
  owner analytics_engineering,
  grain (source, category_a, category_b),
  tags (bi, products),
  grants (
    "select" = ARRAY['bi_reader']
  ),
  audits (
    not_null(columns := (source, category_a, category_b)),
    unique_combination_of_columns(columns := (source, category_a, category_b))
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

SELECT
  source::TEXT AS source,
  category_a::TEXT AS category_a,
  category_b::TEXT AS category_b,
  basket_count::BIGINT AS basket_count,
  basket_a_count::BIGINT AS basket_a_count,
  basket_b_count::BIGINT AS basket_b_count,
  all_basket_count::BIGINT AS all_basket_count,
  support_rate::DECIMAL(9, 6) AS support_rate,
  confidence_a_to_b_rate::DECIMAL(9, 6) AS confidence_a_to_b_rate,
  confidence_b_to_a_rate::DECIMAL(9, 6) AS confidence_b_to_a_rate,
  lift::DECIMAL(18, 6) AS lift,
  leverage::DECIMAL(9, 6) AS leverage
FROM mart.category_pair
