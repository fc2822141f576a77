MODEL (
  name bi.customer_score,
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
    no_personal_values(columns := (
      customer_id
    ))
  ),
  description 'One row per source, customer and currency with an order or a return: what is counted of the customer (RFM) beside what is learned: segment, value, chance of an order, what to offer next. Customers, orders and amounts add up, never over currencies; rates, scores and days do not. Answers: who is this customer, what to do, what to offer.',
  column_descriptions (
    customer_key = 'The customer, in core.dim_customer.',
    source = 'The shop.',
    customer_id = 'The customer''s natural key in its source.',
    currency = 'Currency of the amounts, ISO 4217.',
    as_of_date = 'The last order_date of the source: nothing later was known.',
    recency_days = 'Days from the last order to as_of_date. Not additive.',
    order_count = 'Orders that sold merchandise, cancelled ones left out; a document of returns, corrections or stock movements alone is none. Adds up over time, channel, store, place and customer.',
    net_amount = 'Revenue: gross sales less discounts less returns on the day of the refund; tax as in the source''s prices, freight left out. Adds up over time, channel, store, place, category, product and customer, never over currencies.',
    rfm_segment = 'Segment of the grid of RFM scores; bi.customer_segment has its counts.',
    learned_segment = 'Name of the cluster; bi.learned_segment has its profile. Empty where the customer has only returns.',
    recommended_action = 'What to do with customers of the learned segment.',
    p_alive_rate = 'Probability that the customer still buys; 1 for all who came just once, a property of the model. Not additive.',
    clv_amount = 'What the customer is expected to bring within clv_horizon_days (config.yaml), discounted; net sales, no margin.',
    clv_tier = 'Tier by clv_amount: Diamond, Gold, Silver or Bronze.',
    next_30_days_rate = 'Probability of an order within 30 days. Added over customers it is the expected number of them.',
    next_90_days_rate = 'Probability of an order within 90 days. Added over customers it is the expected number of them.',
    is_churn_risk = 'Much less likely than the average customer to order within 90 days; empty where only the base rate is known.',
    next_product_id = 'The first product to discover; bi.customer_next_product tells why.'
  )
);

WITH chance AS (
  SELECT
    source,
    customer_id,
    MAX(probability_rate) FILTER(WHERE
      horizon_days = 30) AS next_30_days_rate,
    MAX(probability_rate) FILTER(WHERE
      horizon_days = 90) AS next_90_days_rate,
    BOOL_OR(is_churn_risk) FILTER(WHERE
      horizon_days = 90) AS is_churn_risk
  FROM ml.customer_propensity
  GROUP BY
    source,
    customer_id
), offer AS (
  SELECT
    source,
    customer_id,
    product_id
  FROM ml.product_recommendation
  WHERE
    list = 'discovery' AND rank = 1
)
SELECT
  counted.customer_key::UUID AS customer_key,
  counted.source::TEXT AS source,
  counted.customer_id::TEXT AS customer_id,
  counted.currency::TEXT AS currency,
  counted.as_of_date::DATE AS as_of_date,
  counted.recency_days::INT AS recency_days,
  counted.order_count::INT AS order_count,
  counted.net_amount::DECIMAL(18, 4) AS net_amount,
  counted.segment::TEXT AS rfm_segment,
  cluster.segment::TEXT AS learned_segment,
  cluster.recommended_action::TEXT AS recommended_action,
  worth.p_alive_rate::DOUBLE PRECISION AS p_alive_rate,
  worth.clv_amount::DECIMAL(18, 4) AS clv_amount,
  worth.tier::TEXT AS clv_tier,
  chance.next_30_days_rate::DOUBLE PRECISION AS next_30_days_rate,
  chance.next_90_days_rate::DOUBLE PRECISION AS next_90_days_rate,
  chance.is_churn_risk::BOOLEAN AS is_churn_risk,
  offer.product_id::TEXT AS next_product_id
FROM mart.customer AS counted
LEFT JOIN ml.customer_segment AS cluster
  ON cluster.source = counted.source
  AND cluster.customer_id = counted.customer_id
  AND cluster.currency = counted.currency
LEFT JOIN ml.customer_clv AS worth
  ON worth.source = counted.source
  AND worth.customer_id = counted.customer_id
  AND worth.currency = counted.currency
LEFT JOIN chance
  ON chance.source = counted.source AND chance.customer_id = counted.customer_id
LEFT JOIN offer
  ON offer.source = counted.source AND offer.customer_id = counted.customer_id
