MODEL (
  name bi.customer_segment,
  kind VIEW,
  owner analytics_engineering,
  grain (source, currency, segment),
  tags (bi, customers),
  grants (
    "select" = ARRAY['bi_reader']
  ),
  audits (
    not_null(columns := (source, currency, segment)),
    unique_combination_of_columns(columns := (source, currency, segment))
  ),
  description 'One row per source, currency and RFM segment that has customers. Customers and amounts add up over segments; never add amounts over currencies; means are not additive. Answers: how many customers there are of each kind, what they bring, and what to do with them.',
  column_descriptions (
    source = 'The shop.',
    currency = 'Currency of the amounts, ISO 4217.',
    segment = 'RFM segment, from seed.rfm_segment.',
    recommended_action = 'What to do with customers of the segment.',
    as_of_date = 'The last order_date of the source.',
    customer_count = 'Customers of the segment.',
    churned_customer_count = 'Those of them who are silent for longer than their rhythm explains.',
    order_count = 'Orders that sold merchandise, cancelled ones left out.',
    net_amount = 'Revenue: merchandise bought less discounts, less what came back.',
    net_share_rate = 'Share of the net_amount of all the source''s known customers. Not additive over sources.',
    average_order_value = 'Net sales by order. Not additive.',
    net_per_customer_amount = 'net_amount by customer_count. Not additive.',
    median_recency_days = 'Median days from the last order to as_of_date. Not additive.'
  )
);

SELECT
  source::TEXT AS source,
  currency::TEXT AS currency,
  segment::TEXT AS segment,
  recommended_action::TEXT AS recommended_action,
  as_of_date::DATE AS as_of_date,
  customer_count::BIGINT AS customer_count,
  churned_customer_count::BIGINT AS churned_customer_count,
  order_count::BIGINT AS order_count,
  net_amount::DECIMAL(18, 4) AS net_amount,
  net_share_rate::DECIMAL(9, 6) AS net_share_rate,
  average_order_value::DECIMAL(18, 4) AS average_order_value,
  net_per_customer_amount::DECIMAL(18, 4) AS net_per_customer_amount,
  median_recency_days::DECIMAL(9, 1) AS median_recency_days
FROM mart.customer_segment
