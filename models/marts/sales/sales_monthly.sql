MODEL (
  name mart.sales_monthly,
  kind FULL,
  owner analytics_engineering,
  grain (source, month_start_date, channel, currency),
  tags (mart, sales),
  depends_on (
    core.fct_order
  ),
  audits (
    not_null(
      columns := (
        source,
        month_start_date,
        channel,
        currency,
        is_complete,
        net_amount,
        order_count,
        customer_count
      )
    ),
    unique_combination_of_columns(columns := (source, month_start_date, channel, currency)),
    totals_match(
      columns := (source, month_start_date, channel, currency),
      measures := (
        gross_amount,
        discount_amount,
        return_amount,
        return_by_sale_date_amount,
        net_amount,
        net_by_sale_date_amount,
        freight_amount,
        tax_amount,
        order_count,
        unit_count,
        return_unit_count,
        new_customer_count
      ),
      parent := mart.sales_calendar_daily,
      parent_columns := (source, DATE_TRUNC('MONTH', sales_date)::DATE, channel, currency),
      parent_measures := (
        gross_amount,
        discount_amount,
        return_amount,
        return_by_sale_date_amount,
        net_amount,
        net_by_sale_date_amount,
        freight_amount,
        tax_amount,
        order_count,
        unit_count,
        return_unit_count,
        new_customer_count
      )
    ),
    totals_match(
      columns := (source, currency),
      condition := channel = 'all',
      measures := (net_by_sale_date_amount, freight_amount),
      parent := core.fct_order,
      parent_columns := (source, currency),
      parent_measures := (product_amount, freight_amount),
      parent_condition := NOT is_cancelled
    )
  ),
  description 'One row per source, month, channel (and all channels together, channel = all) and currency; a month without sales is a row of zeros. is_complete is false for a month that the source does not cover to its last day, or from its first: growth is empty there. Never add the channel all to the others, nor amounts over currencies, nor customers over months. Answers: how a month was, against the one before and the year before.',
  column_descriptions (
    source = 'The shop.',
    month_start_date = 'First day of the month.',
    channel = 'Where it was sold: web, marketplace, store; all for all of them together.',
    day_count = 'Days of the month from the first to the last day of the source.',
    is_complete = 'The source covers the whole month.',
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
    average_order_value = 'Net sales by order. Not additive.',
    units_per_order = 'Units by order. Not additive.',
    discount_rate = 'Discounts as a share of gross sales. Not additive.',
    return_rate = 'Returns on the day of the refund as a share of gross sales less discounts; above 1 when more came back than was sold. Not additive.',
    net_year_to_date_amount = 'net_amount from January to this month. Not additive.',
    net_last_month_amount = 'net_amount of the month before; empty where the source begins later. Not additive.',
    net_month_over_month_growth = 'net_amount against the month before: 0.1 is a tenth more. Empty where one of the two is incomplete or that was not above zero. Not additive.',
    net_last_year_amount = 'net_amount of the same month of the year before; empty where the source begins later. Not additive.',
    net_year_over_year_growth = 'net_amount against the same month of the year before: 0.1 is a tenth more. Empty where one of the two is incomplete or that was not above zero. Not additive.',
    order_month_over_month_growth = 'order_count against the month before, as net_month_over_month_growth. Not additive.',
    order_year_over_year_growth = 'order_count against the same month of the year before, as net_year_over_year_growth. Not additive.',
    currency = 'Currency of the amounts, ISO 4217.',
    units_per_usd = 'The month''s average price of a US dollar in currency; empty where seed.exchange_rate does not tell it. Not additive.',
    net_reporting_amount = 'Net sales at the month''s average rate of seed.exchange_rate; empty where that is not known. Adds up over time, channel, store and place, never over currencies.',
    reporting_currency = 'Currency of net_reporting_amount: USD.'
  )
);

WITH buyer AS (
  SELECT
    source,
    DATE_TRUNC('MONTH', order_date)::DATE AS month_start_date,
    COALESCE(channel, 'all') AS channel,
    currency,
    COUNT(DISTINCT customer_id) AS customer_count
  FROM mart.order_sale
  GROUP BY
    GROUPING SETS (
      (source, DATE_TRUNC('MONTH', order_date)::DATE, currency, channel),
      (source, DATE_TRUNC('MONTH', order_date)::DATE, currency)
    )
), sold AS (
  SELECT
    source,
    DATE_TRUNC('MONTH', sales_date)::DATE AS month_start_date,
    channel,
    currency,
    COUNT(*) AS day_count,
    SUM(gross_amount) AS gross_amount,
    SUM(discount_amount) AS discount_amount,
    SUM(return_amount) AS return_amount,
    SUM(return_by_sale_date_amount) AS return_by_sale_date_amount,
    SUM(net_amount) AS net_amount,
    SUM(net_by_sale_date_amount) AS net_by_sale_date_amount,
    SUM(freight_amount) AS freight_amount,
    SUM(tax_amount) AS tax_amount,
    SUM(order_count) AS order_count,
    SUM(unit_count) AS unit_count,
    SUM(return_unit_count) AS return_unit_count,
    SUM(new_customer_count) AS new_customer_count,
    MAX(units_per_usd) AS units_per_usd
  FROM mart.sales_calendar_daily
  GROUP BY
    source,
    DATE_TRUNC('MONTH', sales_date)::DATE,
    channel,
    currency
), monthly AS (
  SELECT
    sold.*,
    COALESCE(buyer.customer_count, 0) AS customer_count,
    (
      sold.month_start_date + INTERVAL '1 MONTH'
    )::DATE - sold.month_start_date = sold.day_count AS is_complete,
    SUM(sold.net_amount) OVER this_year AS net_year_to_date_amount
  FROM sold
  LEFT JOIN buyer
    ON buyer.source = sold.source
    AND buyer.month_start_date = sold.month_start_date
    AND buyer.channel = sold.channel
    AND buyer.currency = sold.currency
  WINDOW this_year AS (
    PARTITION BY sold.source, sold.channel, sold.currency, DATE_TRUNC('YEAR', sold.month_start_date)
    ORDER BY sold.month_start_date
  )
)
SELECT
  this.source::TEXT AS source,
  this.month_start_date::DATE AS month_start_date,
  this.channel::TEXT AS channel,
  this.day_count::INT AS day_count,
  this.is_complete::BOOLEAN AS is_complete,
  this.gross_amount::DECIMAL(18, 4) AS gross_amount,
  this.discount_amount::DECIMAL(18, 4) AS discount_amount,
  this.return_amount::DECIMAL(18, 4) AS return_amount,
  this.return_by_sale_date_amount::DECIMAL(18, 4) AS return_by_sale_date_amount,
  this.net_amount::DECIMAL(18, 4) AS net_amount,
  this.net_by_sale_date_amount::DECIMAL(18, 4) AS net_by_sale_date_amount,
  this.freight_amount::DECIMAL(18, 4) AS freight_amount,
  this.tax_amount::DECIMAL(18, 4) AS tax_amount,
  this.order_count::BIGINT AS order_count,
  this.unit_count::BIGINT AS unit_count,
  this.return_unit_count::BIGINT AS return_unit_count,
  this.customer_count::BIGINT AS customer_count,
  this.new_customer_count::BIGINT AS new_customer_count,
  (
    this.net_amount / NULLIF(this.order_count, 0)
  )::DECIMAL(18, 4) AS average_order_value,
  (
    this.unit_count::DECIMAL / NULLIF(this.order_count, 0)
  )::DECIMAL(18, 4) AS units_per_order,
  (
    this.discount_amount / NULLIF(this.gross_amount, 0)
  )::DECIMAL(18, 6) AS discount_rate,
  (
    this.return_amount / NULLIF(this.gross_amount - this.discount_amount, 0)
  )::DECIMAL(18, 6) AS return_rate,
  this.net_year_to_date_amount::DECIMAL(18, 4) AS net_year_to_date_amount,
  before.net_amount::DECIMAL(18, 4) AS net_last_month_amount,
  CASE
    WHEN this.is_complete AND before.is_complete AND before.net_amount > 0
    THEN this.net_amount / before.net_amount - 1
  END::DECIMAL(18, 6) AS net_month_over_month_growth,
  last_year.net_amount::DECIMAL(18, 4) AS net_last_year_amount,
  CASE
    WHEN this.is_complete AND last_year.is_complete AND last_year.net_amount > 0
    THEN this.net_amount / last_year.net_amount - 1
  END::DECIMAL(18, 6) AS net_year_over_year_growth,
  CASE
    WHEN this.is_complete AND before.is_complete AND before.order_count > 0
    THEN this.order_count::DECIMAL / before.order_count - 1
  END::DECIMAL(18, 6) AS order_month_over_month_growth,
  CASE
    WHEN this.is_complete AND last_year.is_complete AND last_year.order_count > 0
    THEN this.order_count::DECIMAL / last_year.order_count - 1
  END::DECIMAL(18, 6) AS order_year_over_year_growth,
  this.currency::TEXT AS currency,
  this.units_per_usd::DECIMAL(18, 6) AS units_per_usd,
  (
    this.net_amount / this.units_per_usd
  )::DECIMAL(18, 4) AS net_reporting_amount,
  'USD'::TEXT AS reporting_currency
FROM monthly AS this
LEFT JOIN monthly AS before
  ON before.source = this.source
  AND before.channel = this.channel
  AND before.currency = this.currency
  AND before.month_start_date = (
    this.month_start_date - INTERVAL '1 MONTH'
  )::DATE
LEFT JOIN monthly AS last_year
  ON last_year.source = this.source
  AND last_year.channel = this.channel
  AND last_year.currency = this.currency
  AND last_year.month_start_date = (
    this.month_start_date - INTERVAL '1 YEAR'
  )::DATE
