MODEL (
  name bi.cohort,
  kind VIEW,
  owner analytics_engineering,
  grain (source, currency, acquisition_month_start_date, month_number),
  tags (bi, customers),
  grants (
    "select" = ARRAY['bi_reader']
  ),
  audits (
    not_null(columns := (source, currency, acquisition_month_start_date, month_number)),
    unique_combination_of_columns(columns := (source, currency, acquisition_month_start_date, month_number))
  ),
  description 'One row per source, currency, month of acquisition and month since then, up to the month of the source''s last order: months that have not happened yet are absent, months without orders are zero. Customers are counted once a month, so customer_count is not additive over months; never add amounts over currencies. Answers: how many of the customers won in a month come back, when, and what they are worth by then.',
  column_descriptions (
    source = 'The shop.',
    currency = 'Currency of the amounts, ISO 4217.',
    acquisition_month_start_date = 'First day of the month of the customers'' first order.',
    month_number = 'Months since that one; 0 is the month itself.',
    month_start_date = 'First day of the month that the row tells of.',
    cohort_customer_count = 'Customers whose first order fell into the month of acquisition. Not additive over months.',
    customer_count = 'Those of them with an order in this month. Not additive over months.',
    order_count = 'Their orders in this month.',
    net_amount = 'Their revenue in this month, less what they brought back in it.',
    retention_rate = 'Customers of the cohort with an order in the month, as a share of the cohort. Not additive.',
    cumulative_net_amount = 'Their revenue from month 0 to this one. Not additive over months.',
    cumulative_per_customer_amount = 'Net sales of the cohort from month 0 to this one, by customer of the cohort. Not additive.'
  )
);

SELECT
  source::TEXT AS source,
  currency::TEXT AS currency,
  acquisition_month_start_date::DATE AS acquisition_month_start_date,
  month_number::INT AS month_number,
  month_start_date::DATE AS month_start_date,
  cohort_customer_count::BIGINT AS cohort_customer_count,
  customer_count::BIGINT AS customer_count,
  order_count::BIGINT AS order_count,
  net_amount::DECIMAL(18, 4) AS net_amount,
  retention_rate::DECIMAL(9, 6) AS retention_rate,
  cumulative_net_amount::DECIMAL(18, 4) AS cumulative_net_amount,
  cumulative_per_customer_amount::DECIMAL(18, 4) AS cumulative_per_customer_amount
FROM mart.customer_cohort
