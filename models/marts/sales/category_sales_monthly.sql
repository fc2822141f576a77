MODEL (
  name mart.category_sales_monthly,
  kind FULL,
  owner analytics_engineering,
  grain (source, month_start_date, channel, category, currency),
  tags (mart, sales),
  audits (
    not_null(
      columns := (
        source,
        month_start_date,
        channel,
        category,
        currency,
        is_complete,
        net_amount,
        order_count
      )
    ),
    unique_combination_of_columns(columns := (source, month_start_date, channel, category, currency)),
    totals_match(
      columns := (source, month_start_date, channel, currency),
      measures := (
        gross_amount,
        discount_amount,
        return_amount,
        return_by_sale_date_amount,
        net_amount,
        net_by_sale_date_amount,
        tax_amount,
        unit_count,
        return_unit_count
      ),
      parent := mart.sales_monthly,
      parent_columns := (source, month_start_date, channel, currency),
      parent_measures := (
        gross_amount,
        discount_amount,
        return_amount,
        return_by_sale_date_amount,
        net_amount,
        net_by_sale_date_amount,
        tax_amount,
        unit_count,
        return_unit_count
      )
    )
  ),
  description 'One row per source, month, channel (and all channels together, channel = all), category of the product as of the order, and currency; a month without sales of the category is a row of zeros. Growth is empty where one of the two months is incomplete. Never add the channel all to the others, nor amounts over currencies, nor orders over categories, because an order may hold several. Answers: which categories grow and what share of sales they are.',
  column_descriptions (
    source = 'The shop.',
    month_start_date = 'First day of the month.',
    channel = 'Where it was sold: web, marketplace, store; all for all of them together.',
    category = 'Category of the product as of the order; unknown where the source tells none.',
    is_complete = 'The source covers the whole month.',
    gross_amount = 'List price × quantity of the merchandise sold, before discounts and returns; cancelled orders left out. Adds up over time, channel, store, place, category, product and customer, never over currencies.',
    discount_amount = 'What was taken off the list price of the merchandise sold, positive. Adds up over time, channel, store, place, category, product and customer, never over currencies.',
    return_amount = 'Net value of the merchandise that came back, positive, on the day of the refund. Adds up over time, channel, store, place, category, product and customer, never over currencies.',
    return_by_sale_date_amount = 'Net value of the merchandise that came back, positive, on the day on which it had been sold; on the day of the return''s own document where the sale is not known. Adds up over time, channel, store, place, category, product and customer, never over currencies.',
    net_amount = 'Revenue: gross sales less discounts less returns on the day of the refund; tax as in the source''s prices, freight left out. Adds up over time, channel, store, place, category, product and customer, never over currencies.',
    net_by_sale_date_amount = 'Gross sales less discounts less returns on the day of the sale: what of a day''s sales was kept. Recent days go down as goods come back. Adds up over time, channel, store, place, category, product and customer, never over currencies.',
    tax_amount = 'Tax that net sales contain; empty where the source tells none. Adds up over time, channel, store, place, category, product and customer, never over currencies.',
    order_count = 'Orders that sold merchandise, cancelled ones left out; a document of returns, corrections or stock movements alone is none. Adds up over time, channel, store, place and customer.',
    unit_count = 'Pieces of merchandise sold; returned pieces are not taken off. Adds up over time, channel, store, place, category, product and customer.',
    return_unit_count = 'Pieces of merchandise that came back, positive, on the day of the refund. Adds up over time, channel, store, place, category, product and customer.',
    net_share_rate = 'Share of the category in net_amount of the month and channel; empty where that was not above zero. Adds up over category only.',
    net_last_month_amount = 'net_amount of the month before; empty where the source begins later. Not additive.',
    net_month_over_month_growth = 'net_amount against the month before: 0.1 is a tenth more. Empty where one of the two is incomplete or that was not above zero. Not additive.',
    net_last_year_amount = 'net_amount of the same month of the year before; empty where the source begins later. Not additive.',
    net_year_over_year_growth = 'net_amount against the same month of the year before: 0.1 is a tenth more. Empty where one of the two is incomplete or that was not above zero. Not additive.',
    currency = 'Currency of the amounts, ISO 4217.'
  )
);

WITH sold AS (
  SELECT
    source,
    DATE_TRUNC('MONTH', sales_date)::DATE AS month_start_date,
    COALESCE(channel, 'all') AS channel,
    category,
    currency,
    SUM(gross_amount) AS gross_amount,
    SUM(discount_amount) AS discount_amount,
    SUM(return_amount) AS return_amount,
    SUM(return_by_sale_date_amount) AS return_by_sale_date_amount,
    SUM(net_amount) AS net_amount,
    SUM(net_by_sale_date_amount) AS net_by_sale_date_amount,
    SUM(tax_amount) AS tax_amount,
    SUM(order_count) AS order_count,
    SUM(unit_count) AS unit_count,
    SUM(return_unit_count) AS return_unit_count
  FROM mart.category_sales_daily
  GROUP BY
    GROUPING SETS (
      (source, DATE_TRUNC('MONTH', sales_date)::DATE, category, currency, channel),
      (source, DATE_TRUNC('MONTH', sales_date)::DATE, category, currency)
    )
), series AS (
  SELECT DISTINCT
    source,
    channel,
    category,
    currency
  FROM sold
), monthly AS (
  SELECT
    total.source,
    total.month_start_date,
    total.channel,
    series.category,
    total.currency,
    total.is_complete,
    total.net_amount AS total_net_amount,
    COALESCE(sold.gross_amount, 0) AS gross_amount,
    COALESCE(sold.discount_amount, 0) AS discount_amount,
    COALESCE(sold.return_amount, 0) AS return_amount,
    COALESCE(sold.return_by_sale_date_amount, 0) AS return_by_sale_date_amount,
    COALESCE(sold.net_amount, 0) AS net_amount,
    COALESCE(sold.net_by_sale_date_amount, 0) AS net_by_sale_date_amount,
    CASE WHEN NOT total.tax_amount IS NULL THEN COALESCE(sold.tax_amount, 0) END AS tax_amount,
    COALESCE(sold.order_count, 0) AS order_count,
    COALESCE(sold.unit_count, 0) AS unit_count,
    COALESCE(sold.return_unit_count, 0) AS return_unit_count
  FROM mart.sales_monthly AS total
  JOIN series
    ON series.source = total.source
    AND series.channel = total.channel
    AND series.currency = total.currency
  LEFT JOIN sold
    ON sold.source = total.source
    AND sold.month_start_date = total.month_start_date
    AND sold.channel = total.channel
    AND sold.category = series.category
    AND sold.currency = total.currency
)
SELECT
  this.source::TEXT AS source,
  this.month_start_date::DATE AS month_start_date,
  this.channel::TEXT AS channel,
  this.category::TEXT AS category,
  this.is_complete::BOOLEAN AS is_complete,
  this.gross_amount::DECIMAL(18, 4) AS gross_amount,
  this.discount_amount::DECIMAL(18, 4) AS discount_amount,
  this.return_amount::DECIMAL(18, 4) AS return_amount,
  this.return_by_sale_date_amount::DECIMAL(18, 4) AS return_by_sale_date_amount,
  this.net_amount::DECIMAL(18, 4) AS net_amount,
  this.net_by_sale_date_amount::DECIMAL(18, 4) AS net_by_sale_date_amount,
  this.tax_amount::DECIMAL(18, 4) AS tax_amount,
  this.order_count::BIGINT AS order_count,
  this.unit_count::BIGINT AS unit_count,
  this.return_unit_count::BIGINT AS return_unit_count,
  CASE
    WHEN this.total_net_amount > 0
    THEN this.net_amount / this.total_net_amount
  END::DECIMAL(18, 6) AS net_share_rate,
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
  this.currency::TEXT AS currency
FROM monthly AS this
LEFT JOIN monthly AS before
  ON before.source = this.source
  AND before.channel = this.channel
  AND before.category = this.category
  AND before.currency = this.currency
  AND before.month_start_date = (
    this.month_start_date - INTERVAL '1 MONTH'
  )::DATE
LEFT JOIN monthly AS last_year
  ON last_year.source = this.source
  AND last_year.channel = this.channel
  AND last_year.category = this.category
  AND last_year.currency = this.currency
  AND last_year.month_start_date = (
    this.month_start_date - INTERVAL '1 YEAR'
  )::DATE
