MODEL (
  name bi.merchandise_line,
  kind VIEW,
  owner analytics_engineering,
  grain order_line_key,
  tags (bi, sales),
  grants (
    "select" = ARRAY['bi_reader']
  ),
  audits (
    not_null(columns := (
      order_line_key
    )),
    unique_values(columns := (
      order_line_key
    ))
  ),
  description 'One row per order line of merchandise that was sold or came back, with all that people cut sales by. Amounts are in currency: never add them over currencies. Orders and customers are counted as different keys of the rows that are no return. Answers: what is sold, where, when, to whom, with which margin, and how much of it comes back.',
  column_descriptions (
    order_line_key = 'Surrogate key: hash of source, order and line.',
    order_key = 'The order, in core.fct_order.',
    source = 'The shop.',
    sales_date = 'Business date in the shop''s own time zone: the day of the order, for returns that of the refund.',
    weekday = 'Number and name of the day of the week, Monday first.',
    channel = 'Where it was sold: web, marketplace, store.',
    customer_id = 'The customer''s natural key; empty where the source names none.',
    customer_state = 'State of the customer as of the order; unknown where the source tells none.',
    customer_city = 'City of the customer as of the order; unknown where the source tells none.',
    product = 'Name of the product as of the order; the beginning of its key where it has none.',
    category = 'Category of the product as of the order; unknown where the source tells none.',
    is_return = 'Merchandise came back.',
    gross_amount = 'List price × quantity of the merchandise sold, before discounts and returns; cancelled orders left out. Adds up over time, channel, store, place, category, product and customer, never over currencies.',
    discount_amount = 'What was taken off the list price of the merchandise sold, positive. Adds up over time, channel, store, place, category, product and customer, never over currencies.',
    return_amount = 'Net value of the merchandise that came back, positive, on the day of the refund. Adds up over time, channel, store, place, category, product and customer, never over currencies.',
    net_amount = 'Revenue: gross sales less discounts less returns on the day of the refund; tax as in the source''s prices, freight left out. Adds up over time, channel, store, place, category, product and customer, never over currencies.',
    tax_amount = 'Tax that net sales contain; empty where the source tells none. Adds up over time, channel, store, place, category, product and customer, never over currencies.',
    margin_amount = 'Net sales less the tax in them less units × cost as of the sale; empty where tax or cost of any of the lines is not known. Adds up over time, channel, store, place, category, product and customer, never over currencies.',
    sold_quantity = 'Pieces of merchandise sold; returned pieces are not taken off.',
    return_quantity = 'Pieces of merchandise that came back, positive, on the day of the refund.',
    currency = 'Currency of the amounts, ISO 4217.'
  )
);

SELECT
  order_line_key::UUID AS order_line_key,
  order_key::UUID AS order_key,
  source::TEXT AS source,
  sales_date::DATE AS sales_date,
  TO_CHAR(sales_date, 'ID Dy')::TEXT AS weekday,
  channel::TEXT AS channel,
  customer_id::TEXT AS customer_id,
  customer_state::TEXT AS customer_state,
  customer_city::TEXT AS customer_city,
  product::TEXT AS product,
  category::TEXT AS category,
  is_return::BOOLEAN AS is_return,
  gross_amount::DECIMAL(18, 4) AS gross_amount,
  discount_amount::DECIMAL(18, 4) AS discount_amount,
  return_amount::DECIMAL(18, 4) AS return_amount,
  net_amount::DECIMAL(18, 4) AS net_amount,
  tax_amount::DECIMAL(18, 4) AS tax_amount,
  margin_amount::DECIMAL(18, 4) AS margin_amount,
  sold_quantity::DECIMAL(18, 3) AS sold_quantity,
  return_quantity::DECIMAL(18, 3) AS return_quantity,
  currency::TEXT AS currency
FROM mart.merchandise_line
