MODEL (
  name bi.learned_segment,
  kind VIEW,
  owner data_science,
  grain (source, currency, segment),
  tags (bi, customers),
  grants (
    "select" = ARRAY['bi_reader']
  ),
  audits (
    not_null(columns := (source, currency, segment)),
    unique_combination_of_columns(columns := (source, currency, segment))
  ),
  description 'One row per source, currency and learned segment; those by rules are in bi.customer_segment. Customers, orders and amounts add up over segments; never add amounts over currencies; shares, typical values and positions are not additive. Answers: which kinds of customers there are, what they are worth, and what to do with them.',
  column_descriptions (
    source = 'The shop.',
    currency = 'Currency of the amounts, ISO 4217.',
    segment = 'Name of the cluster, from seed.learned_segment.',
    recommended_action = 'What to do with customers of the segment.',
    cluster_number = 'The cluster, from 1: the one whose customers stand highest by value.',
    as_of_date = 'The last order_date of the source.',
    customer_count = 'Customers of the segment.',
    customer_share_rate = 'Share of the source''s customers who bought. Not additive over sources.',
    outlier_count = 'Those of them who lie far from all others, and were drawn in for the fit.',
    order_count = 'Orders that sold merchandise.',
    net_amount = 'Revenue: merchandise bought less discounts, less what came back.',
    net_share_rate = 'Share of the net_amount of all the source''s customers who bought. Not additive over sources.',
    net_per_customer_amount = 'net_amount by customer_count. Not additive.',
    typical_recency_days = 'The centroid in days: the geometric mean of 1 + recency_days, less 1. Not additive.',
    typical_order_number = 'The centroid in orders: the geometric mean of 1 + order_count, less 1. Not additive.',
    typical_net_amount = 'The centroid in money: the geometric mean of 1 + net_amount (0 where negative), less 1. Not additive.',
    recency_rank_rate = 'Where the customers stand by recency, 0 (worst) to 1 on average: the name''s rule is about this. Not additive.',
    frequency_rank_rate = 'The same by number of orders; 0 for one order. Not additive.',
    value_rank_rate = 'The same by net_amount. Not additive.',
    rule_distance = 'How far the segment stands outside of the rule of its name: 0 the rule holds. Not additive.',
    note = 'Why the customers are divided no better, and features that were left out; empty where there is nothing to say.'
  )
);

SELECT
  source::TEXT AS source,
  currency::TEXT AS currency,
  segment::TEXT AS segment,
  recommended_action::TEXT AS recommended_action,
  cluster_number::INT AS cluster_number,
  as_of_date::DATE AS as_of_date,
  customer_count::BIGINT AS customer_count,
  customer_share_rate::DECIMAL(9, 6) AS customer_share_rate,
  outlier_count::BIGINT AS outlier_count,
  order_count::BIGINT AS order_count,
  net_amount::DECIMAL(18, 4) AS net_amount,
  net_share_rate::DECIMAL(18, 6) AS net_share_rate,
  net_per_customer_amount::DECIMAL(18, 4) AS net_per_customer_amount,
  typical_recency_days::DECIMAL(9, 1) AS typical_recency_days,
  typical_order_number::DECIMAL(9, 2) AS typical_order_number,
  typical_net_amount::DECIMAL(18, 4) AS typical_net_amount,
  recency_rank_rate::DECIMAL(9, 6) AS recency_rank_rate,
  frequency_rank_rate::DECIMAL(9, 6) AS frequency_rank_rate,
  value_rank_rate::DECIMAL(9, 6) AS value_rank_rate,
  rule_distance::DECIMAL(9, 6) AS rule_distance,
  note::TEXT AS note
FROM ml.segment_profile
