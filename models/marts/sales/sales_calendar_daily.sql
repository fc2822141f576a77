MODEL (
  name mart.sales_calendar_daily,
  kind FULL,
  owner analytics_engineering,
  grain (source, sales_date, channel, currency),
  tags (mart, sales),
  audits (
    not_null(
      columns := (
        source,
        sales_date,
        channel,
        currency,
        gross_amount,
        net_amount,
        order_count,
        customer_count
      )
    ),
    unique_combination_of_columns(columns := (source, sales_date, channel, currency)),
    days_are_gap_free,
    totals_match(
      columns := (source, sales_date, currency),
      condition := channel = 'all',
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
      parent := mart.sales_daily,
      parent_columns := (source, sales_date, currency),
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
      columns := (source, channel, currency),
      condition := channel <> 'all',
      measures := (net_amount, order_count, unit_count),
      parent := mart.sales_daily,
      parent_columns := (source, channel, currency),
      parent_measures := (net_amount, order_count, unit_count)
    )
  ),
  description 'One row per source, day, channel (and all channels together, channel = all) and currency, from the first to the last day of the source: a day without sales is a row of zeros. Never add the channel all to the others, nor amounts over currencies. Values over 7 and 28 days and to date are not additive, nor are customers. Answers: how sales go, against last week, last year and in the year so far.',
  column_descriptions (
    source = 'The shop.',
    sales_date = 'Business date in the shop''s own time zone: the day of the order, for returns that of the refund.',
    channel = 'Where it was sold: web, marketplace, store; all for all of them together.',
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
    net_7_day_amount = 'net_amount of this day and the 6 before; empty on the first 6 days of the source. Not additive.',
    net_28_day_amount = 'net_amount of this day and the 27 before; empty on the first 27 days of the source. Not additive.',
    order_7_day_count = 'order_count of this day and the 6 before; empty on the first 6 days of the source. Not additive.',
    order_28_day_count = 'order_count of this day and the 27 before; empty on the first 27 days of the source. Not additive.',
    net_year_to_date_amount = 'net_amount from the first of January to this day. Not additive.',
    order_year_to_date_count = 'order_count from the first of January to this day. Not additive.',
    net_same_weekday_last_year_amount = 'net_amount 364 days before, which was the same day of the week; empty where the source begins later. Not additive.',
    net_same_day_last_year_amount = 'net_amount on the same day of the year before, for 29 February on the 28th; empty where the source begins later. Not additive.',
    net_year_over_year_growth = 'net_amount against the same weekday of last year: 0.1 is a tenth more. Empty where that was not above zero. Not additive.',
    net_28_day_year_over_year_growth = 'net_28_day_amount against the one 364 days before: 0.1 is a tenth more. Empty where that was not above zero. Not additive.',
    currency = 'Currency of the amounts, ISO 4217.',
    units_per_usd = 'The month''s average price of a US dollar in currency; empty where seed.exchange_rate does not tell it. Not additive.',
    net_reporting_amount = 'Net sales at the month''s average rate of seed.exchange_rate; empty where that is not known. Adds up over time, channel, store and place, never over currencies.',
    reporting_currency = 'Currency of net_reporting_amount: USD.'
  )
);

WITH span AS (
  SELECT
    source,
    MIN(sales_date) AS first_date,
    MAX(sales_date) AS last_date,
    BOOL_OR(NOT tax_amount IS NULL) AS knows_tax
  FROM mart.sales_daily
  GROUP BY
    source
), series AS (
  SELECT DISTINCT
    source,
    channel,
    currency
  FROM mart.sales_daily
  UNION
  SELECT
    source,
    'all',
    currency
  FROM mart.sales_daily
), spine AS (
  SELECT
    series.source,
    series.channel,
    series.currency,
    day.calendar_date AS sales_date,
    span.knows_tax
  FROM series
  JOIN span
    ON span.source = series.source
  JOIN core.dim_date AS day
    ON day.calendar_date BETWEEN span.first_date AND span.last_date
), sold AS (
  SELECT
    source,
    sales_date,
    COALESCE(channel, 'all') AS channel,
    currency,
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
    SUM(new_customer_count) AS new_customer_count
  FROM mart.sales_daily
  GROUP BY
    GROUPING SETS (
      (source, sales_date, currency, channel),
      (source, sales_date, currency)
    )
), buyer AS (
  SELECT
    source,
    order_date AS sales_date,
    COALESCE(channel, 'all') AS channel,
    currency,
    COUNT(DISTINCT customer_id) AS customer_count
  FROM mart.order_sale
  GROUP BY
    GROUPING SETS (
      (source, order_date, currency, channel),
      (source, order_date, currency)
    )
), daily AS (
  SELECT
    spine.source,
    spine.sales_date,
    spine.channel,
    spine.currency,
    COALESCE(sold.gross_amount, 0) AS gross_amount,
    COALESCE(sold.discount_amount, 0) AS discount_amount,
    COALESCE(sold.return_amount, 0) AS return_amount,
    COALESCE(sold.return_by_sale_date_amount, 0) AS return_by_sale_date_amount,
    COALESCE(sold.net_amount, 0) AS net_amount,
    COALESCE(sold.net_by_sale_date_amount, 0) AS net_by_sale_date_amount,
    COALESCE(sold.freight_amount, 0) AS freight_amount,
    CASE WHEN spine.knows_tax THEN COALESCE(sold.tax_amount, 0) END AS tax_amount,
    COALESCE(sold.order_count, 0) AS order_count,
    COALESCE(sold.unit_count, 0) AS unit_count,
    COALESCE(sold.return_unit_count, 0) AS return_unit_count,
    COALESCE(buyer.customer_count, 0) AS customer_count,
    COALESCE(sold.new_customer_count, 0) AS new_customer_count,
    rate.units_per_usd
  FROM spine
  LEFT JOIN sold
    ON sold.source = spine.source
    AND sold.sales_date = spine.sales_date
    AND sold.channel = spine.channel
    AND sold.currency = spine.currency
  LEFT JOIN buyer
    ON buyer.source = spine.source
    AND buyer.sales_date = spine.sales_date
    AND buyer.channel = spine.channel
    AND buyer.currency = spine.currency
  LEFT JOIN seed.exchange_rate AS rate
    ON rate.currency = spine.currency
    AND rate.month_start_date::DATE = DATE_TRUNC('MONTH', spine.sales_date)::DATE
), moving AS (
  SELECT
    *,
    ROW_NUMBER() OVER so_far AS day_number,
    SUM(net_amount) OVER (so_far ROWS BETWEEN 6 PRECEDING AND CURRENT ROW) AS net_7_day_amount,
    SUM(net_amount) OVER (so_far ROWS BETWEEN 27 PRECEDING AND CURRENT ROW) AS net_28_day_amount,
    SUM(order_count) OVER (so_far ROWS BETWEEN 6 PRECEDING AND CURRENT ROW) AS order_7_day_count,
    SUM(order_count) OVER (so_far ROWS BETWEEN 27 PRECEDING AND CURRENT ROW) AS order_28_day_count,
    SUM(net_amount) OVER this_year AS net_year_to_date_amount,
    SUM(order_count) OVER this_year AS order_year_to_date_count
  FROM daily
  WINDOW so_far AS (PARTITION BY source, channel, currency ORDER BY sales_date), this_year AS (
    PARTITION BY source, channel, currency, DATE_TRUNC('YEAR', sales_date)
    ORDER BY sales_date
  )
)
SELECT
  today.source::TEXT AS source,
  today.sales_date::DATE AS sales_date,
  today.channel::TEXT AS channel,
  today.gross_amount::DECIMAL(18, 4) AS gross_amount,
  today.discount_amount::DECIMAL(18, 4) AS discount_amount,
  today.return_amount::DECIMAL(18, 4) AS return_amount,
  today.return_by_sale_date_amount::DECIMAL(18, 4) AS return_by_sale_date_amount,
  today.net_amount::DECIMAL(18, 4) AS net_amount,
  today.net_by_sale_date_amount::DECIMAL(18, 4) AS net_by_sale_date_amount,
  today.freight_amount::DECIMAL(18, 4) AS freight_amount,
  today.tax_amount::DECIMAL(18, 4) AS tax_amount,
  today.order_count::BIGINT AS order_count,
  today.unit_count::BIGINT AS unit_count,
  today.return_unit_count::BIGINT AS return_unit_count,
  today.customer_count::BIGINT AS customer_count,
  today.new_customer_count::BIGINT AS new_customer_count,
  CASE WHEN today.day_number >= 7 THEN today.net_7_day_amount END::DECIMAL(18, 4) AS net_7_day_amount,
  CASE WHEN today.day_number >= 28 THEN today.net_28_day_amount END::DECIMAL(18, 4) AS net_28_day_amount,
  CASE WHEN today.day_number >= 7 THEN today.order_7_day_count END::BIGINT AS order_7_day_count,
  CASE WHEN today.day_number >= 28 THEN today.order_28_day_count END::BIGINT AS order_28_day_count,
  today.net_year_to_date_amount::DECIMAL(18, 4) AS net_year_to_date_amount,
  today.order_year_to_date_count::BIGINT AS order_year_to_date_count,
  same_weekday.net_amount::DECIMAL(18, 4) AS net_same_weekday_last_year_amount,
  same_day.net_amount::DECIMAL(18, 4) AS net_same_day_last_year_amount,
  CASE
    WHEN same_weekday.net_amount > 0
    THEN today.net_amount / same_weekday.net_amount - 1
  END::DECIMAL(18, 6) AS net_year_over_year_growth,
  CASE
    WHEN same_weekday.day_number >= 28 AND same_weekday.net_28_day_amount > 0
    THEN today.net_28_day_amount / same_weekday.net_28_day_amount - 1
  END::DECIMAL(18, 6) AS net_28_day_year_over_year_growth,
  today.currency::TEXT AS currency,
  today.units_per_usd::DECIMAL(18, 6) AS units_per_usd,
  (
    today.net_amount / today.units_per_usd
  )::DECIMAL(18, 4) AS net_reporting_amount,
  'USD'::TEXT AS reporting_currency
FROM moving AS today
LEFT JOIN moving AS same_weekday
  ON same_weekday.source = today.source
  AND same_weekday.channel = today.channel
  AND same_weekday.currency = today.currency
  AND same_weekday.sales_date = today.sales_date - 364
LEFT JOIN daily AS same_day
  ON same_day.source = today.source
  AND same_day.channel = today.channel
  AND same_day.currency = today.currency
  AND same_day.sales_date = (
    today.sales_date - INTERVAL '1 YEAR'
  )::DATE;

@INDEX_ON(source, sales_date)
