MODEL (
  name mart.order_sale,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column order_date
  ),
  owner analytics_engineering,
  grain order_key,
  references (customer_key, store_key),
  tags (mart, sales),
  audits (
    not_null(
      columns := (
        order_key,
        order_date,
        customer_key,
        store_key,
        channel,
        gross_amount,
        net_sale_amount,
        currency
      )
    ),
    unique_values(columns := (
      order_key
    )),
    totals_match(
      columns := (source, order_date, currency),
      measures := (line_count, unit_count, gross_amount, discount_amount, net_sale_amount),
      parent := core.fct_order_line,
      parent_columns := (source, order_date, currency),
      parent_measures := (1, quantity, list_amount, discount_amount, net_amount),
      parent_condition := order_date BETWEEN @start_date AND @end_date
      AND line_kind = 'product'
      AND NOT is_cancelled
      AND NOT is_return
    )
  ),
  description 'One row per order that sold merchandise, which is what order_count counts: cancelled orders and documents of returns, corrections and stock movements alone are left out, and so is what came back later. Amounts are in currency: never add them over currencies. Other marts count orders, customers and first purchases from here; where the customer lives is in core.dim_customer.',
  column_descriptions (
    order_key = 'The order, in core.fct_order.',
    source = 'The shop.',
    order_id = 'The order''s natural key in its source.',
    order_date = 'Business date in the shop''s own time zone; the time column.',
    ordered_at = 'The instant of the order.',
    customer_key = 'The customer as of the order; Unknown where the source names none.',
    customer_id = 'The customer''s natural key; empty where the source names none.',
    store_key = 'The store that sold; Unknown where none did, as on the web.',
    channel = 'Where it was sold: web, marketplace, store.',
    line_count = 'Lines of merchandise sold.',
    unit_count = 'Pieces of merchandise sold; returned pieces are not taken off. Adds up over time, channel, store, place, category, product and customer.',
    gross_amount = 'List price × quantity of the merchandise sold, before discounts and returns; cancelled orders left out. Adds up over time, channel, store, place, category, product and customer, never over currencies.',
    discount_amount = 'What was taken off the list price of the merchandise sold, positive. Adds up over time, channel, store, place, category, product and customer, never over currencies.',
    net_sale_amount = 'gross_amount less discount_amount, before returns and freight.',
    tax_amount = 'Tax that net sales contain; empty where the source tells none. Adds up over time, channel, store, place, category, product and customer, never over currencies.',
    currency = 'Currency of the amounts, ISO 4217.'
  )
);

WITH sold AS (
  SELECT
    order_key,
    COUNT(*) AS line_count,
    SUM(quantity) AS unit_count,
    SUM(list_amount) AS gross_amount,
    SUM(discount_amount) AS discount_amount,
    SUM(net_amount) AS net_sale_amount,
    SUM(tax_amount) AS tax_amount
  FROM core.fct_order_line
  WHERE
    order_date BETWEEN @start_date AND @end_date
    AND line_kind = 'product'
    AND NOT is_cancelled
    AND NOT is_return
  GROUP BY
    order_key
), placed AS (
  SELECT
    *
  FROM core.fct_order
  WHERE
    order_date BETWEEN @start_date AND @end_date
)
SELECT
  placed.order_key::UUID AS order_key,
  placed.source::TEXT AS source,
  placed.order_id::TEXT AS order_id,
  placed.order_date::DATE AS order_date,
  placed.ordered_at::TIMESTAMPTZ AS ordered_at,
  placed.customer_key::UUID AS customer_key,
  placed.customer_id::TEXT AS customer_id,
  placed.store_key::UUID AS store_key,
  placed.channel::TEXT AS channel,
  sold.line_count::INT AS line_count,
  sold.unit_count::BIGINT AS unit_count,
  sold.gross_amount::DECIMAL(18, 4) AS gross_amount,
  sold.discount_amount::DECIMAL(18, 4) AS discount_amount,
  sold.net_sale_amount::DECIMAL(18, 4) AS net_sale_amount,
  sold.tax_amount::DECIMAL(18, 4) AS tax_amount,
  placed.currency::TEXT AS currency
FROM sold
JOIN placed
  ON placed.order_key = sold.order_key;

@INDEX_ON(order_date);

@INDEX_ON(order_key)
