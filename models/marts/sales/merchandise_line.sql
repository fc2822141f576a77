MODEL (
  name mart.merchandise_line,
  kind FULL,
  owner analytics_engineering,
  grain order_line_key,
  references order_key,
  tags (mart, sales),
  audits (
    not_null(
      columns := (
        order_line_key,
        order_key,
        source,
        sales_date,
        channel,
        customer_state,
        customer_city,
        category,
        net_amount,
        currency
      )
    ),
    unique_values(columns := (
      order_line_key
    )),
    totals_match(
      columns := (source, sales_date, channel, currency),
      measures := (gross_amount, discount_amount, return_amount, net_amount, tax_amount),
      parent := mart.sales_daily,
      parent_columns := (source, sales_date, channel, currency),
      parent_measures := (gross_amount, discount_amount, return_amount, net_amount, tax_amount)
    )
  ),
  depends_on (
    mart.sales_daily
  ),
  description 'One row per order line of merchandise that was sold or came back, with all that people cut sales by, so that no question about sales joins the star. Amounts are in currency: never add them over currencies. Orders and customers are counted as different keys of the rows that are no return. Answers: what is sold, where, when, to whom, with which margin, and how much of it comes back.',
  column_descriptions (
    order_line_key = 'Surrogate key: hash of source, order and line.',
    order_key = 'The order, in core.fct_order.',
    source = 'The shop.',
    sales_date = 'Business date in the shop''s own time zone: the day of the order, for returns that of the refund.',
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
  line.order_line_key::UUID AS order_line_key,
  line.order_key::UUID AS order_key,
  line.source::TEXT AS source,
  COALESCE(line.return_date, line.order_date)::DATE AS sales_date,
  placed.channel::TEXT AS channel,
  line.customer_id::TEXT AS customer_id,
  COALESCE(buyer.state, 'unknown')::TEXT AS customer_state,
  COALESCE(buyer.city, 'unknown')::TEXT AS customer_city,
  COALESCE(version.product_name, LEFT(line.product_id, 8))::TEXT AS product,
  COALESCE(version.category, 'unknown')::TEXT AS category,
  line.is_return::BOOLEAN AS is_return,
  CASE WHEN line.is_return THEN 0 ELSE line.list_amount END::DECIMAL(18, 4) AS gross_amount,
  CASE WHEN line.is_return THEN 0 ELSE line.discount_amount END::DECIMAL(18, 4) AS discount_amount,
  CASE WHEN line.is_return THEN -line.net_amount ELSE 0 END::DECIMAL(18, 4) AS return_amount,
  line.net_amount::DECIMAL(18, 4) AS net_amount,
  line.tax_amount::DECIMAL(18, 4) AS tax_amount,
  (
    line.net_amount - line.tax_amount - line.quantity * version.cost_amount
  )::DECIMAL(18, 4) AS margin_amount,
  CASE WHEN line.is_return THEN 0 ELSE line.quantity END::DECIMAL(18, 3) AS sold_quantity,
  CASE WHEN line.is_return THEN -line.quantity ELSE 0 END::DECIMAL(18, 3) AS return_quantity,
  line.currency::TEXT AS currency
FROM core.fct_order_line AS line
JOIN core.fct_order AS placed
  ON placed.order_key = line.order_key
LEFT JOIN core.dim_product AS version
  ON version.product_key = line.product_key
LEFT JOIN core.dim_customer AS buyer
  ON buyer.customer_key = line.customer_key
WHERE
  line.line_kind = 'product' AND NOT line.is_cancelled
ORDER BY
  line.source,
  COALESCE(line.return_date, line.order_date);

@INDEX_ON(source, sales_date)
