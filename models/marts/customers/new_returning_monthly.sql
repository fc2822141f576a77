MODEL (
  name mart.new_returning_monthly,
  kind FULL,
  owner analytics_engineering,
  grain (source, currency, month_start_date, customer_type),
  depends_on (
    mart.order_sale
  ),
  tags (mart, customers),
  audits (
    not_null(
      columns := (
        source,
        currency,
        month_start_date,
        customer_type,
        customer_count,
        order_count,
        net_amount
      )
    ),
    unique_combination_of_columns(columns := (source, currency, month_start_date, customer_type)),
    accepted_values(column := customer_type, is_in := ('new', 'returning', 'unknown')),
    totals_match(
      columns := (source, currency, month_start_date),
      measures := (order_count, unit_count),
      parent := mart.order_sale,
      parent_columns := (source, currency, DATE_TRUNC('MONTH', order_date)::DATE),
      parent_measures := (1, unit_count)
    ),
    totals_match(
      columns := (source, currency, month_start_date),
      measures := (
        net_amount
      ),
      parent := core.fct_order_line,
      parent_columns := (source, currency, DATE_TRUNC('MONTH', COALESCE(return_date, order_date))::DATE),
      parent_measures := (
        net_amount
      ),
      parent_condition := line_kind = 'product' AND NOT is_cancelled
    )
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

WITH known AS (
  SELECT
    source,
    currency,
    month_start_date,
    CASE WHEN month_number = 0 THEN 'new' ELSE 'returning' END AS customer_type,
    COUNT(*) FILTER(WHERE
      order_count > 0) AS customer_count,
    SUM(order_count) AS order_count,
    SUM(unit_count) AS unit_count,
    SUM(net_amount) AS net_amount
  FROM mart.customer_month
  GROUP BY
    source,
    currency,
    month_start_date,
    CASE WHEN month_number = 0 THEN 'new' ELSE 'returning' END
), unknown_line AS (
  SELECT
    source,
    currency,
    DATE_TRUNC('MONTH', COALESCE(return_date, order_date))::DATE AS month_start_date,
    'unknown' AS customer_type,
    0 AS customer_count,
    COUNT(DISTINCT order_key) FILTER(WHERE
      NOT is_return) AS order_count,
    COALESCE(SUM(quantity) FILTER(WHERE
      NOT is_return), 0) AS unit_count,
    SUM(net_amount) AS net_amount
  FROM core.fct_order_line
  WHERE
    line_kind = 'product' AND NOT is_cancelled AND customer_id IS NULL
  GROUP BY
    source,
    currency,
    DATE_TRUNC('MONTH', COALESCE(return_date, order_date))::DATE
), counted AS (
  SELECT
    *
  FROM known
  UNION ALL
  SELECT
    *
  FROM unknown_line
), span AS (
  SELECT
    source,
    currency,
    MIN(month_start_date) AS first_month_date,
    MAX(month_start_date) AS last_month_date
  FROM counted
  GROUP BY
    source,
    currency
), as_of AS (
  SELECT
    source,
    MAX(order_date) AS as_of_date
  FROM core.fct_order
  GROUP BY
    source
), spine AS (
  SELECT
    span.source,
    span.currency,
    month.calendar_date AS month_start_date,
    type.customer_type
  FROM span
  JOIN as_of
    ON as_of.source = span.source
  JOIN core.dim_date AS month
    ON month.calendar_date BETWEEN span.first_month_date AND GREATEST(span.last_month_date, as_of.as_of_date)
    AND month.day_of_month = 1
  CROSS JOIN (VALUES
    ('new'),
    ('returning'),
    ('unknown')) AS type(customer_type)
)
SELECT
  spine.source::TEXT AS source,
  spine.currency::TEXT AS currency,
  spine.month_start_date::DATE AS month_start_date,
  spine.customer_type::TEXT AS customer_type,
  COALESCE(counted.customer_count, 0)::BIGINT AS customer_count,
  COALESCE(counted.order_count, 0)::BIGINT AS order_count,
  COALESCE(counted.unit_count, 0)::BIGINT AS unit_count,
  COALESCE(counted.net_amount, 0)::DECIMAL(18, 4) AS net_amount
FROM spine
LEFT JOIN counted
  ON counted.source = spine.source
  AND counted.currency = spine.currency
  AND counted.month_start_date = spine.month_start_date
  AND counted.customer_type = spine.customer_type
