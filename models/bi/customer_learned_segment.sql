MODEL (
  name bi.customer_learned_segment,
  kind VIEW,
  owner data_science,
  grain (source, customer_id, currency),
  tags (bi, customers),
  grants (
    "select" = ARRAY['bi_reader']
  ),
  audits (
    not_null(columns := (source, customer_id, currency, segment)),
    unique_combination_of_columns(columns := (source, customer_id, currency)),
    no_personal_values(columns := (
      customer_id
    ))
  ),
  description 'One row per source, customer who bought, and currency: the learned segment; the one by rules is in bi.customer_value. net_amount adds up over customers of one currency; days and rates do not. Answers: which kind of customer is this, and what is to be done.',
  column_descriptions (
    source = 'The shop.',
    customer_id = 'The customer''s natural key in its source.',
    currency = 'Currency of the amounts, ISO 4217.',
    as_of_date = 'The last order_date of the source: the features are told for this day.',
    segment = 'Name of the cluster, from seed.learned_segment; not the RFM segment of mart.customer.',
    recommended_action = 'What to do with customers of the segment.',
    recency_days = 'Days from the last order to as_of_date. Not additive.',
    order_count = 'Orders that sold merchandise.',
    net_amount = 'Revenue: merchandise bought less discounts, less what came back. Never add over currencies.',
    recency_rank_rate = 'Share of the source''s customers who bought less recently, equals half. Not additive.',
    frequency_rank_rate = 'The same with fewer orders; 0 for one order. Not additive.',
    value_rank_rate = 'The same with a smaller net_amount; 0 where that is not positive. Not additive.',
    is_outlier = 'A feature lies more than four standard deviations from the mean, and was drawn in for the fit.',
    note = 'What to keep in mind about the customer; empty where there is nothing to say.'
  )
);

SELECT
  source::TEXT AS source,
  customer_id::TEXT AS customer_id,
  currency::TEXT AS currency,
  as_of_date::DATE AS as_of_date,
  segment::TEXT AS segment,
  recommended_action::TEXT AS recommended_action,
  recency_days::INT AS recency_days,
  order_count::INT AS order_count,
  net_amount::DECIMAL(18, 4) AS net_amount,
  recency_rank_rate::DECIMAL(9, 6) AS recency_rank_rate,
  frequency_rank_rate::DECIMAL(9, 6) AS frequency_rank_rate,
  value_rank_rate::DECIMAL(9, 6) AS value_rank_rate,
  is_outlier::BOOLEAN AS is_outlier,
  note::TEXT AS note
FROM ml.customer_segment
