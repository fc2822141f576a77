MODEL (
  name mart.customer_segment,
  kind FULL,
  owner analytics_engineering,
  grain (source, currency, segment),
  tags (mart, customers),
  audits (
    not_null(columns := (source, currency, segment, customer_count, net_amount)),
    unique_combination_of_columns(columns := (source, currency, segment)),
    totals_match(
      columns := (source, currency),
      measures := (customer_count, order_count, net_amount),
      parent := mart.customer,
      parent_columns := (source, currency),
      parent_measures := (1, order_count, net_amount),
      parent_condition := order_count > 0
    )
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
  MIN(recommended_action)::TEXT AS recommended_action,
  MAX(as_of_date)::DATE AS as_of_date,
  COUNT(*)::BIGINT AS customer_count,
  COUNT(*) FILTER(WHERE
    is_churned)::BIGINT AS churned_customer_count,
  SUM(order_count)::BIGINT AS order_count,
  SUM(net_amount)::DECIMAL(18, 4) AS net_amount,
  (
    SUM(net_amount) / NULLIF(SUM(SUM(net_amount)) OVER (PARTITION BY source, currency), 0)
  )::DECIMAL(9, 6) AS net_share_rate,
  (
    SUM(net_amount) / SUM(order_count)
  )::DECIMAL(18, 4) AS average_order_value,
  (
    SUM(net_amount) / COUNT(*)
  )::DECIMAL(18, 4) AS net_per_customer_amount,
  PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY
    recency_days)::DECIMAL(9, 1) AS median_recency_days
FROM mart.customer
WHERE
  order_count > 0
GROUP BY
  source,
  currency,
  segment
