MODEL (
  name ml.segment_profile,
  kind FULL,
  owner data_science,
  grain (source, currency, segment),
  depends_on (
    mart.customer
  ),
  tags (ml, customers),
  audits (
    not_null(
      columns := (source, currency, segment, recommended_action, customer_count, net_amount)
    ),
    unique_combination_of_columns(columns := (source, currency, segment)),
    unique_combination_of_columns(columns := (source, currency, cluster_number)),
    totals_match(
      columns := (source, currency),
      measures := (customer_count, order_count, net_amount),
      parent := mart.customer,
      parent_columns := (source, currency),
      parent_measures := (1, order_count, net_amount),
      parent_condition := order_count > 0
    )
  ),
  description 'One row per source, currency and learned segment. Customers, orders and amounts add up over segments; never add amounts over currencies; shares, typical values and positions are not additive. Answers: which kinds of customers there are, what they are worth, and what to do with them.',
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

WITH profile AS (
  SELECT
    source,
    currency,
    segment,
    MIN(recommended_action) AS recommended_action,
    MIN(cluster_number) AS cluster_number,
    MAX(as_of_date) AS as_of_date,
    COUNT(*) AS customer_count,
    COUNT(*) FILTER(WHERE
      is_outlier) AS outlier_count,
    SUM(order_count) AS order_count,
    SUM(net_amount) AS net_amount,
    EXP(AVG(LN(1 + recency_days))) - 1 AS typical_recency_days,
    EXP(AVG(LN(1 + order_count))) - 1 AS typical_order_number,
    EXP(AVG(LN(1 + GREATEST(net_amount, 0)))) - 1 AS typical_net_amount,
    AVG(recency_rank_rate) AS recency_rank_rate,
    AVG(frequency_rank_rate) AS frequency_rank_rate,
    AVG(value_rank_rate) AS value_rank_rate,
    MAX(rule_distance) AS rule_distance
  FROM ml.customer_segment
  GROUP BY
    source,
    currency,
    segment
)
SELECT
  profile.source::TEXT AS source,
  profile.currency::TEXT AS currency,
  profile.segment::TEXT AS segment,
  profile.recommended_action::TEXT AS recommended_action,
  profile.cluster_number::INT AS cluster_number,
  profile.as_of_date::DATE AS as_of_date,
  profile.customer_count::BIGINT AS customer_count,
  (
    profile.customer_count / SUM(profile.customer_count) OVER shop
  )::DECIMAL(9, 6) AS customer_share_rate,
  profile.outlier_count::BIGINT AS outlier_count,
  profile.order_count::BIGINT AS order_count,
  profile.net_amount::DECIMAL(18, 4) AS net_amount,
  (
    profile.net_amount / NULLIF(SUM(profile.net_amount) OVER shop, 0)
  )::DECIMAL(18, 6) AS net_share_rate,
  (
    profile.net_amount / profile.customer_count
  )::DECIMAL(18, 4) AS net_per_customer_amount,
  profile.typical_recency_days::DECIMAL(9, 1) AS typical_recency_days,
  profile.typical_order_number::DECIMAL(9, 2) AS typical_order_number,
  profile.typical_net_amount::DECIMAL(18, 4) AS typical_net_amount,
  profile.recency_rank_rate::DECIMAL(9, 6) AS recency_rank_rate,
  profile.frequency_rank_rate::DECIMAL(9, 6) AS frequency_rank_rate,
  profile.value_rank_rate::DECIMAL(9, 6) AS value_rank_rate,
  profile.rule_distance::DECIMAL(9, 6) AS rule_distance,
  curve.note::TEXT AS note
FROM profile
LEFT JOIN ml.segment_curve AS curve
  ON curve.source = profile.source
  AND curve.currency = profile.currency
  AND curve.is_chosen
WINDOW shop AS (PARTITION BY profile.source, profile.currency)
