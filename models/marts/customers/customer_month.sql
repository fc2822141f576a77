MODEL (
  name mart.customer_month,
  kind FULL,
  owner analytics_engineering,
  grain (source, currency, customer_id, month_start_date),
  tags (mart, customers),
  audits (
    not_null(
      columns := (source, currency, customer_id, month_start_date, order_count, net_amount)
    ),
    unique_combination_of_columns(columns := (source, currency, customer_id, month_start_date)),
    totals_match(
      columns := (source, currency, month_start_date),
      measures := (order_count, unit_count, gross_amount, discount_amount),
      parent := mart.order_sale,
      parent_columns := (source, currency, DATE_TRUNC('MONTH', order_date)::DATE),
      parent_measures := (1, unit_count, gross_amount, discount_amount),
      parent_condition := NOT customer_id IS NULL
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
      parent_condition := line_kind = 'product' AND NOT is_cancelled AND NOT customer_id IS NULL
    )
  ),
  description 'One row per source, currency, known customer and month in which the customer bought or brought something back. Returns stand in the month of the refund. Counting rows counts active customers of a month; never add amounts over currencies. Cohorts and new against returning customers are built from here.',
  column_descriptions (
    source = 'The shop.',
    currency = 'Currency of the amounts, ISO 4217.',
    customer_id = 'The customer''s natural key in its source.',
    month_start_date = 'First day of the month.',
    acquisition_month_start_date = 'First day of the month of the customer''s first order; empty where the data holds returns of the customer only.',
    month_number = 'Months since that one: 0 is the month of the first order; negative where goods came back that were bought before the data begins. Not additive.',
    order_count = 'Orders that sold merchandise, cancelled ones left out; a document of returns, corrections or stock movements alone is none. Adds up over time, channel, store, place and customer.',
    unit_count = 'Pieces of merchandise sold; returned pieces are not taken off. Adds up over time, channel, store, place, category, product and customer.',
    gross_amount = 'List price × quantity of the merchandise sold, before discounts and returns.',
    discount_amount = 'What was taken off the list price of the merchandise sold, positive.',
    return_amount = 'Net value of the merchandise that came back, positive, in the month of the refund.',
    net_amount = 'Revenue: gross sales less discounts less returns on the day of the refund; tax as in the source''s prices, freight left out. Adds up over time, channel, store, place, category, product and customer, never over currencies.'
  )
);

WITH acquired AS (
  SELECT
    source,
    currency,
    customer_id,
    DATE_TRUNC('MONTH', MIN(order_date))::DATE AS acquisition_month_start_date
  FROM mart.order_sale
  WHERE
    NOT customer_id IS NULL
  GROUP BY
    source,
    currency,
    customer_id
), sold AS (
  SELECT
    source,
    currency,
    customer_id,
    DATE_TRUNC('MONTH', order_date)::DATE AS month_start_date,
    COUNT(*) AS order_count,
    SUM(unit_count) AS unit_count,
    SUM(gross_amount) AS gross_amount,
    SUM(discount_amount) AS discount_amount
  FROM mart.order_sale
  WHERE
    NOT customer_id IS NULL
  GROUP BY
    source,
    currency,
    customer_id,
    DATE_TRUNC('MONTH', order_date)::DATE
), returned AS (
  SELECT
    source,
    currency,
    customer_id,
    DATE_TRUNC('MONTH', COALESCE(return_date, order_date))::DATE AS month_start_date,
    -SUM(net_amount) AS return_amount
  FROM core.fct_order_line
  WHERE
    line_kind = 'product'
    AND is_return
    AND NOT is_cancelled
    AND NOT customer_id IS NULL
  GROUP BY
    source,
    currency,
    customer_id,
    DATE_TRUNC('MONTH', COALESCE(return_date, order_date))::DATE
), active AS (
  SELECT
    source,
    currency,
    customer_id,
    month_start_date,
    COALESCE(sold.order_count, 0) AS order_count,
    COALESCE(sold.unit_count, 0) AS unit_count,
    COALESCE(sold.gross_amount, 0) AS gross_amount,
    COALESCE(sold.discount_amount, 0) AS discount_amount,
    COALESCE(returned.return_amount, 0) AS return_amount
  FROM sold
  FULL JOIN returned
    USING (source, currency, customer_id, month_start_date)
)
SELECT
  active.source::TEXT AS source,
  active.currency::TEXT AS currency,
  active.customer_id::TEXT AS customer_id,
  active.month_start_date::DATE AS month_start_date,
  acquired.acquisition_month_start_date::DATE AS acquisition_month_start_date,
  (
    (
      EXTRACT(YEAR FROM active.month_start_date) - EXTRACT(YEAR FROM acquired.acquisition_month_start_date)
    ) * 12 + EXTRACT(MONTH FROM active.month_start_date) - EXTRACT(MONTH FROM acquired.acquisition_month_start_date)
  )::INT AS month_number,
  active.order_count::INT AS order_count,
  active.unit_count::BIGINT AS unit_count,
  active.gross_amount::DECIMAL(18, 4) AS gross_amount,
  active.discount_amount::DECIMAL(18, 4) AS discount_amount,
  active.return_amount::DECIMAL(18, 4) AS return_amount,
  (
    active.gross_amount - active.discount_amount - active.return_amount
  )::DECIMAL(18, 4) AS net_amount
FROM active
LEFT JOIN acquired
  ON acquired.source = active.source
  AND acquired.currency = active.currency
  AND acquired.customer_id = active.customer_id
