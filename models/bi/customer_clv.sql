MODEL (
  name bi.customer_clv,
  kind VIEW,
  owner data_science,
  grain (source, customer_id, currency),
  tags (bi, customers),
  grants (
    "select" = ARRAY['bi_reader']
  ),
  audits (
    not_null(columns := (source, customer_id, currency)),
    unique_combination_of_columns(columns := (source, customer_id, currency)),
    no_personal_values(columns := customer_id)
  ),
  description 'One row per source, customer who bought, and currency: what the customer is expected to buy and to be worth from as_of_date on, those too who never came back. Purchases and values add up over customers of one currency; rates, days and the ends of the interval do not. Answers: who will bring most, how sure that is, and what to do with them.',
  column_descriptions (
    source = 'The shop.',
    customer_id = 'The customer''s natural key in its source.',
    currency = 'Currency of the amounts, ISO 4217.',
    as_of_date = 'The last order_date of the source: everything is expected from this day on.',
    repeat_count = 'Days with a purchase after the first one: several orders of a day are one purchase.',
    active_days = 'Days from the first purchase to the last. Not additive.',
    tenure_days = 'Days from the first purchase to as_of_date. Not additive.',
    p_alive_rate = 'Probability that the customer still buys. BG/NBD says 1 of all who never came back: customers stop only after a repeat purchase. Empty where the own rate serves. Not additive.',
    expected_purchases_90d = 'Expected days with a purchase in the 90 days after as_of_date. Adds up over customers.',
    expected_purchases_180d = 'The same in 180 days.',
    expected_purchases_365d = 'The same in 365 days.',
    value_per_purchase_amount = 'Expected value of a day with a purchase, net of returns. Not additive.',
    expected_value_90d_amount = 'Expected purchases in 90 days at that value. Adds up over customers of one currency.',
    expected_value_180d_amount = 'The same in 180 days.',
    expected_value_365d_amount = 'The same in 365 days.',
    clv_amount = 'Customer lifetime value: net sales expected within clv_horizon_days, each discounted from its day by clv_discount_rate a year (config.yaml). Sales, not margin. Adds up over customers of one currency.',
    clv_low_amount = 'Lower end of the 90 % interval of clv_amount. It covers how well the data tells the models'' parameters, not what one customer will by chance do. Empty where the parameters are not told. Not additive.',
    clv_high_amount = 'Upper end of the same interval. Not additive.',
    clv_rank_rate = 'Share of the source''s customers whose clv_amount is at least as high: the best has the lowest. Not additive.',
    tier = 'Diamond, Gold, Silver or Bronze by clv_rank_rate, from seed.clv_tier.',
    purchase_method = 'What expects the purchases: bg_nbd, pareto_nbd, or own_rate, the customer''s own past rate.',
    value_method = 'What expects their value: gamma_gamma, or own_mean, the customer''s own past mean.',
    note = 'What to keep in mind about the source''s models; empty where there is nothing to say.',
    tier_meaning = 'Who is in the tier.',
    recommended_action = 'What to do with customers of the tier.'
  )
);

SELECT
  score.source::TEXT AS source,
  score.customer_id::TEXT AS customer_id,
  score.currency::TEXT AS currency,
  score.as_of_date::DATE AS as_of_date,
  score.repeat_count::INT AS repeat_count,
  score.active_days::INT AS active_days,
  score.tenure_days::INT AS tenure_days,
  score.p_alive_rate::DOUBLE PRECISION AS p_alive_rate,
  score.expected_purchases_90d::DOUBLE PRECISION AS expected_purchases_90d,
  score.expected_purchases_180d::DOUBLE PRECISION AS expected_purchases_180d,
  score.expected_purchases_365d::DOUBLE PRECISION AS expected_purchases_365d,
  score.value_per_purchase_amount::DECIMAL(18, 4) AS value_per_purchase_amount,
  score.expected_value_90d_amount::DECIMAL(18, 4) AS expected_value_90d_amount,
  score.expected_value_180d_amount::DECIMAL(18, 4) AS expected_value_180d_amount,
  score.expected_value_365d_amount::DECIMAL(18, 4) AS expected_value_365d_amount,
  score.clv_amount::DECIMAL(18, 4) AS clv_amount,
  score.clv_low_amount::DECIMAL(18, 4) AS clv_low_amount,
  score.clv_high_amount::DECIMAL(18, 4) AS clv_high_amount,
  score.clv_rank_rate::DOUBLE PRECISION AS clv_rank_rate,
  score.tier::TEXT AS tier,
  tier.meaning::TEXT AS tier_meaning,
  tier.recommended_action::TEXT AS recommended_action,
  score.purchase_method::TEXT AS purchase_method,
  score.value_method::TEXT AS value_method,
  score.note::TEXT AS note
FROM ml.customer_clv AS score
LEFT JOIN seed.clv_tier AS tier
  ON tier.tier = score.tier
