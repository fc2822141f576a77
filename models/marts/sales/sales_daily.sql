MODEL (
  name mart.sales_daily,
  kind FULL,
  owner analytics_engineering,
  grain (source, sales_date, channel, store_key, country_code, state, city, currency),
  references (
    store_key
  ),
  tags (mart, sales),
  audits (
    not_null(
      columns := (
        source,
        sales_date,
        channel,
        store_key,
        country_code,
        state,
        city,
        currency,
        net_amount,
        order_count
      )
    ),
    unique_combination_of_columns(
      columns := (source, sales_date, channel, store_key, country_code, state, city, currency)
    ),
    totals_match(
      columns := (source, sales_date, currency),
      measures := (net_amount, tax_amount),
      parent := core.fct_order_line,
      parent_columns := (source, COALESCE(return_date, order_date), currency),
      parent_measures := (net_amount, tax_amount),
      parent_condition := line_kind = 'product' AND NOT is_cancelled
    ),
    totals_match(
      columns := (source, currency),
      measures := (net_by_sale_date_amount, freight_amount),
      parent := core.fct_order,
      parent_columns := (source, currency),
      parent_measures := (product_amount, freight_amount),
      parent_condition := NOT is_cancelled
    ),
    totals_match(
      columns := (source, sales_date, channel, store_key, currency),
      measures := (order_count, unit_count, gross_amount, discount_amount),
      parent := mart.order_sale,
      parent_columns := (source, order_date, channel, store_key, currency),
      parent_measures := (1, unit_count, gross_amount, discount_amount)
    )
  ),
  description 'One row per source, day, channel, store, place of the customer and currency on which anything was sold, came back or was shipped. Returns stand on the day of the refund, and beside it on the day of the sale; orders, discounts and freight stand on the day of the order. Amounts are in currency: never add them over currencies. customer_count is not additive. Answers: what was sold where and when.',
  column_descriptions (
    source = 'The shop.',
    sales_date = 'Business date in the shop''s own time zone: the day of the order, for returns that of the refund.',
    channel = 'Where it was sold: web, marketplace, store.',
    store_key = 'The store that sold; Unknown where none did, as on the web.',
    country_code = 'Country of the customer as of the order, ISO 3166-1 alpha-2; unknown where it is not known.',
    state = 'State of the customer as of the order; unknown where it is not known.',
    city = 'City of the customer as of the order; unknown where it is not known.',
    gross_amount = 'List price × quantity of the merchandise sold, before discounts and returns; cancelled orders left out. Adds up over time, channel, store, place, category, product and customer, never over currencies.',
    discount_amount = 'What was taken off the list price of the merchandise sold, positive. Adds up over time, channel, store, place, category, product and customer, never over currencies.',
    return_amount = 'Net value of the merchandise that came back, positive, on the day of the refund. Adds up over time, channel, store, place, category, product and customer, never over currencies.',
    return_by_sale_date_amount = 'Net value of the merchandise that came back, positive, on the day on which it had been sold; on the day of the return''s own document where the sale is not known. Adds up over time, channel, store, place, category, product and customer, never over currencies.',
    net_amount = 'Revenue: gross sales less discounts less returns on the day of the refund; tax as in the source''s prices, freight left out. Adds up over time, channel, store, place, category, product and customer, never over currencies.',
    net_by_sale_date_amount = 'Gross sales less discounts less returns on the day of the sale: what of a day''s sales was kept. Recent days go down as goods come back. Adds up over time, channel, store, place, category, product and customer, never over currencies.',
    freight_amount = 'What customers were charged for freight, whether booked on lines or as lines of their own, less what was refunded; cancelled orders left out. Adds up over time, channel, store, place and customer, never over currencies.',
    tax_amount = 'Tax that net sales contain; empty where the source tells none. Adds up over time, channel, store, place, category, product and customer, never over currencies.',
    order_count = 'Orders that sold merchandise, cancelled ones left out; a document of returns, corrections or stock movements alone is none. Adds up over time, channel, store, place and customer.',
    unit_count = 'Pieces of merchandise sold; returned pieces are not taken off. Adds up over time, channel, store, place, category, product and customer.',
    return_unit_count = 'Pieces of merchandise that came back, positive, on the day of the refund. Adds up over time, channel, store, place, category, product and customer.',
    customer_count = 'Different known customers who bought merchandise in the row''s period. Not additive.',
    new_customer_count = 'Known customers whose first order with merchandise this is. Adds up over time, channel, store and place.',
    currency = 'Currency of the amounts, ISO 4217.',
    units_per_usd = 'The month''s average price of a US dollar in currency; empty where seed.exchange_rate does not tell it. Not additive.',
    net_reporting_amount = 'Net sales at the month''s average rate of seed.exchange_rate; empty where that is not known. Adds up over time, channel, store and place, never over currencies.',
    reporting_currency = 'Currency of net_reporting_amount: USD.'
  )
);

/* What happened, each thing on its own day: orders and freight on the order's, returns on the refund's and again on the sale's. */
WITH first_sale AS (
  SELECT DISTINCT ON (source, customer_id)
    order_key
  FROM mart.order_sale
  WHERE
    NOT customer_id IS NULL
  ORDER BY
    source,
    customer_id,
    ordered_at,
    order_id
), returned AS (
  SELECT
    line.order_key,
    COALESCE(line.return_date, line.order_date) AS refund_date,
    COALESCE(bridge.sale_date, line.order_date) AS sale_date,
    -line.net_amount AS return_amount,
    line.tax_amount,
    -line.quantity AS return_unit_count
  FROM core.fct_order_line AS line
  LEFT JOIN core.bridge_return AS bridge
    ON bridge.return_line_key = line.order_line_key
  WHERE
    line.line_kind = 'product' AND line.is_return AND NOT line.is_cancelled
), movement AS (
  SELECT
    sale.order_key,
    sale.order_date AS sales_date,
    sale.customer_id,
    sale.gross_amount,
    sale.discount_amount,
    0 AS return_amount,
    0 AS return_by_sale_date_amount,
    0 AS freight_amount,
    sale.tax_amount,
    1 AS order_count,
    sale.unit_count,
    0 AS return_unit_count,
    CASE WHEN first_sale.order_key IS NULL THEN 0 ELSE 1 END AS new_customer_count
  FROM mart.order_sale AS sale
  LEFT JOIN first_sale
    ON first_sale.order_key = sale.order_key
  UNION ALL
  SELECT
    order_key,
    refund_date,
    NULL,
    0,
    0,
    return_amount,
    0,
    0,
    tax_amount,
    0,
    0,
    return_unit_count,
    0
  FROM returned
  UNION ALL
  SELECT
    order_key,
    sale_date,
    NULL,
    0,
    0,
    0,
    return_amount,
    0,
    NULL,
    0,
    0,
    0,
    0
  FROM returned
  UNION ALL
  SELECT
    order_key,
    order_date,
    NULL,
    0,
    0,
    0,
    0,
    freight_amount,
    NULL,
    0,
    0,
    0,
    0
  FROM core.fct_order
  WHERE
    freight_amount <> 0 AND NOT is_cancelled
), daily AS (
  SELECT
    placed.source,
    movement.sales_date,
    placed.channel,
    placed.store_key,
    COALESCE(customer.country_code, 'unknown') AS country_code,
    COALESCE(customer.state, 'unknown') AS state,
    COALESCE(customer.city, 'unknown') AS city,
    placed.currency,
    SUM(movement.gross_amount) AS gross_amount,
    SUM(movement.discount_amount) AS discount_amount,
    SUM(movement.return_amount) AS return_amount,
    SUM(movement.return_by_sale_date_amount) AS return_by_sale_date_amount,
    SUM(movement.gross_amount - movement.discount_amount - movement.return_amount) AS net_amount,
    SUM(
      movement.gross_amount - movement.discount_amount - movement.return_by_sale_date_amount
    ) AS net_by_sale_date_amount,
    SUM(movement.freight_amount) AS freight_amount,
    SUM(movement.tax_amount) AS tax_amount,
    SUM(movement.order_count) AS order_count,
    SUM(movement.unit_count) AS unit_count,
    SUM(movement.return_unit_count) AS return_unit_count,
    COUNT(DISTINCT movement.customer_id) AS customer_count,
    SUM(movement.new_customer_count) AS new_customer_count
  FROM movement
  JOIN core.fct_order AS placed
    ON placed.order_key = movement.order_key
  LEFT JOIN core.dim_customer AS customer
    ON customer.customer_key = placed.customer_key
  GROUP BY
    placed.source,
    movement.sales_date,
    placed.channel,
    placed.store_key,
    COALESCE(customer.country_code, 'unknown'),
    COALESCE(customer.state, 'unknown'),
    COALESCE(customer.city, 'unknown'),
    placed.currency
)
SELECT
  daily.source::TEXT AS source,
  daily.sales_date::DATE AS sales_date,
  daily.channel::TEXT AS channel,
  daily.store_key::UUID AS store_key,
  daily.country_code::TEXT AS country_code,
  daily.state::TEXT AS state,
  daily.city::TEXT AS city,
  daily.gross_amount::DECIMAL(18, 4) AS gross_amount,
  daily.discount_amount::DECIMAL(18, 4) AS discount_amount,
  daily.return_amount::DECIMAL(18, 4) AS return_amount,
  daily.return_by_sale_date_amount::DECIMAL(18, 4) AS return_by_sale_date_amount,
  daily.net_amount::DECIMAL(18, 4) AS net_amount,
  daily.net_by_sale_date_amount::DECIMAL(18, 4) AS net_by_sale_date_amount,
  daily.freight_amount::DECIMAL(18, 4) AS freight_amount,
  daily.tax_amount::DECIMAL(18, 4) AS tax_amount,
  daily.order_count::BIGINT AS order_count,
  daily.unit_count::BIGINT AS unit_count,
  daily.return_unit_count::BIGINT AS return_unit_count,
  daily.customer_count::BIGINT AS customer_count,
  daily.new_customer_count::BIGINT AS new_customer_count,
  daily.currency::TEXT AS currency,
  rate.units_per_usd::DECIMAL(18, 6) AS units_per_usd,
  (
    daily.net_amount / rate.units_per_usd
  )::DECIMAL(18, 4) AS net_reporting_amount,
  'USD'::TEXT AS reporting_currency
FROM daily
LEFT JOIN seed.exchange_rate AS rate
  ON rate.currency = daily.currency
  AND rate.month_start_date::DATE = DATE_TRUNC('MONTH', daily.sales_date)::DATE;

@INDEX_ON(source, sales_date)
