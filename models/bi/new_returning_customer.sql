MODEL (
  name bi.new_returning_customer,
  kind VIEW,
  owner analytics_engineering,
  grain (source, currency, month_start_date, customer_type),
  tags (bi, customers),
  grants (
    "select" = ARRAY['bi_reader']
  ),
  audits (
    not_null(columns := (source, currency, month_start_date, customer_type)),
    unique_combination_of_columns(columns := (source, currency, month_start_date, customer_type))
  ),
  description 'One row per source, currency, month and type of customer, without gaps: new in the month of the first order, returning in every other one, unknown where the source names no customer. customer_count adds up over types and not over months; never add amounts over currencies. Answers: how much of a month''s revenue comes from customers who were won in it.',
  column_descriptions (
    source = 'The shop.',
    currency = 'Currency of the amounts, ISO 4217.',
    month_start_date = 'First day of the month.',
    customer_type = 'new, returning or unknown.',
    customer_count = 'Customers with an order in the month; 0 for unknown. Adds up over types, not over months.',
    order_count = 'Orders that sold merchandise, cancelled ones left out; a document of returns, corrections or stock movements alone is none. Adds up over time, channel, store, place and customer.',
    unit_count = 'Pieces of merchandise sold; returned pieces are not taken off. Adds up over time, channel, store, place, category, product and customer.',
    net_amount = 'Revenue: gross sales less discounts less returns on the day of the refund; tax as in the source''s prices, freight left out. Adds up over time, channel, store, place, category, product and customer, never over currencies.'
  )
);

SELECT
  source::TEXT AS source,
  currency::TEXT AS currency,
  month_start_date::DATE AS month_start_date,
  customer_type::TEXT AS customer_type,
  customer_count::BIGINT AS customer_count,
  order_count::BIGINT AS order_count,
  unit_count::BIGINT AS unit_count,
  net_amount::DECIMAL(18, 4) AS net_amount
FROM mart.new_returning_monthly
