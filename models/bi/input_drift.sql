MODEL (
  name bi.input_drift,
  kind VIEW,
  owner data_science,
  grain (source, currency, feature, month_date),
  tags (bi, ml),
  grants (
    "select" = ARRAY['bi_reader']
  ),
  audits (
    not_null(columns := (source, currency, feature, month_date)),
    unique_combination_of_columns(columns := (source, currency, feature, month_date))
  ),
  description 'One row per source, currency, month and feature of what the models learn from: how far its distribution has moved from that of the twelve months before. Nothing may be added up. Answers: whether the customers behave as they did when the models were fitted.',
  column_descriptions (
    source = 'The shop.',
    currency = 'Currency of the orders, ISO 4217.',
    feature = 'order_amount: net_sale_amount of an order. line_count: its lines. gap_days: days since the customer''s order before, where they are 90 or fewer, from the shop''s fourth month on: longer gaps cannot be seen from the first day.',
    month_date = 'First day of the month. The last month may not be over.',
    row_count = 'Orders of the month that have the feature.',
    baseline_count = 'Orders of the twelve months before that have it. Not additive: the months overlap.',
    mean_value = 'Mean of the feature in the month. Not additive.',
    baseline_mean_value = 'Mean of the feature in the twelve months before. Not additive.',
    psi = 'Population stability index over the deciles of the shop''s first year: 0 is the same, up to 0.1 little, from 0.25 on much. Not additive.',
    psi_limit = 'What chance alone exceeds once in twenty times with so many rows.',
    is_drifted = 'psi is above psi_limit and above the variable drift_psi.'
  )
);

SELECT
  source::TEXT AS source,
  currency::TEXT AS currency,
  feature::TEXT AS feature,
  month_date::DATE AS month_date,
  row_count::BIGINT AS row_count,
  baseline_count::BIGINT AS baseline_count,
  mean_value::DOUBLE PRECISION AS mean_value,
  baseline_mean_value::DOUBLE PRECISION AS baseline_mean_value,
  psi::DOUBLE PRECISION AS psi,
  psi_limit::DOUBLE PRECISION AS psi_limit,
  is_drifted::BOOLEAN AS is_drifted
FROM ml.input_drift
