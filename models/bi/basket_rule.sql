MODEL (
  name bi.basket_rule,
  kind VIEW,
  owner data_science,
  grain (source, scope, antecedent_a_id, antecedent_b_id, consequent_id),
  tags (bi, products),
  grants (
    "select" = ARRAY['bi_reader']
  ),
  audits (
    not_null(columns := (source, scope, antecedent_a_id, antecedent_b_id, consequent_id)),
    unique_combination_of_columns(columns := (source, scope, antecedent_a_id, antecedent_b_id, consequent_id))
  ),
  description 'One row per source, scope and rule ''who buys the antecedent also buys the consequent'': between two products, of two products and a third, between two categories, and over two channels by the same customers. Only rules that chance does not explain: of each family at most rule_discovery_rate (config.yaml) are expected to be false. How many hold later stands in ml.basket_rule_evaluation. Nothing here is additive. Answers: what to show beside a basket, and how sure that is.',
  column_descriptions (
    source = 'The shop.',
    scope = 'product, category, or A_to_B: the antecedent was bought in channel A, the consequent in channel B, by the same customer in any order.',
    antecedent_a_id = 'The product or category that is bought.',
    antecedent_a_name = 'Its name: of a category the category itself.',
    antecedent_b_id = 'The other product that is bought, in rules of three; empty text in rules of two.',
    antecedent_b_name = 'Its name, where the source has one.',
    consequent_id = 'The product or category that is bought with it.',
    consequent_name = 'Its name: of a category the category itself.',
    antecedent_item_count = '1 or 2.',
    both_count = 'Baskets (over channels: customers) with antecedent and consequent. Not additive.',
    antecedent_count = 'Baskets (over channels: customers) with the antecedent. Not additive.',
    consequent_count = 'Baskets (over channels: customers) with the consequent. Not additive.',
    all_count = 'Baskets of the source (over channels: customers of both channels). Not additive.',
    support_rate = 'both_count by all_count. Not additive.',
    confidence_rate = 'both_count by antecedent_count. Not additive.',
    lift = 'How many times more often both are together than chance would bring them: 1 is chance. Not additive.',
    leverage = 'Support less what chance would give. Not additive.',
    conviction = 'How many times more often the rule would fail by chance than it does; empty for a rule that never fails. Not additive.',
    p_value = 'How likely chance brings so many together (Fisher''s exact test, one-sided). Not additive.',
    q_value = 'The smallest false discovery rate of the family at which this rule is a discovery. Not additive.',
    as_of_date = 'The last order_date of the source: nothing later was known.'
  )
);

SELECT
  rule.source::TEXT AS source,
  rule.scope::TEXT AS scope,
  rule.antecedent_a_id::TEXT AS antecedent_a_id,
  CASE WHEN rule.scope = 'category' THEN rule.antecedent_a_id ELSE a.product_name END::TEXT AS antecedent_a_name,
  rule.antecedent_b_id::TEXT AS antecedent_b_id,
  b.product_name::TEXT AS antecedent_b_name,
  rule.consequent_id::TEXT AS consequent_id,
  CASE WHEN rule.scope = 'category' THEN rule.consequent_id ELSE c.product_name END::TEXT AS consequent_name,
  rule.antecedent_item_count::INT AS antecedent_item_count,
  rule.both_count::BIGINT AS both_count,
  rule.antecedent_count::BIGINT AS antecedent_count,
  rule.consequent_count::BIGINT AS consequent_count,
  rule.all_count::BIGINT AS all_count,
  rule.support_rate::DOUBLE PRECISION AS support_rate,
  rule.confidence_rate::DOUBLE PRECISION AS confidence_rate,
  rule.lift::DOUBLE PRECISION AS lift,
  rule.leverage::DOUBLE PRECISION AS leverage,
  rule.conviction::DOUBLE PRECISION AS conviction,
  rule.p_value::DOUBLE PRECISION AS p_value,
  rule.q_value::DOUBLE PRECISION AS q_value,
  rule.as_of_date::DATE AS as_of_date
FROM ml.basket_rule AS rule
LEFT JOIN core.dim_product AS a
  ON a.source = rule.source
  AND a.product_id = rule.antecedent_a_id
  AND a.is_current
  AND rule.scope <> 'category'
LEFT JOIN core.dim_product AS b
  ON b.source = rule.source
  AND b.product_id = rule.antecedent_b_id
  AND b.is_current
  AND rule.scope <> 'category'
LEFT JOIN core.dim_product AS c
  ON c.source = rule.source
  AND c.product_id = rule.consequent_id
  AND c.is_current
  AND rule.scope <> 'category'
