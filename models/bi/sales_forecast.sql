MODEL (
  name bi.sales_forecast,
  kind VIEW,
  owner data_science,
  grain (source, currency, category, period_kind, period_start_date),
  tags (bi, forecast),
  grants (
    "select" = ARRAY['bi_reader']
  ),
  audits (
    not_null(columns := (source, currency, category, period_kind, period_start_date)),
    unique_combination_of_columns(columns := (source, currency, category, period_kind, period_start_date))
  ),
  description 'One row per source, currency, category (all of them together: all), kind of period (day or week) and period, from the first day of the source to the last that is forecast. Actual revenue stands beside what was or is forecast: past forecasts were made on origin_date, by what was known then. Never add all to the categories, days to weeks, bounds of intervals, or amounts over currencies. Answers: what revenue is to be expected, how sure is that, and how right was it before.',
  column_descriptions (
    source = 'The shop.',
    currency = 'Currency of the amounts, ISO 4217.',
    category = 'Category of the product as of the order; all for all of them together.',
    period_kind = 'day, or week from Monday to Sunday. Never add the two.',
    period_start_date = 'The day, or the Monday of the week.',
    actual_amount = 'Net revenue of the period; empty where it is not over.',
    forecast_amount = 'Expected net revenue; empty where the period was not forecast.',
    low_80_amount = 'Lower bound of the 80 % interval; not below zero. Not additive.',
    high_80_amount = 'Upper bound of the 80 % interval. Not additive.',
    low_90_amount = 'Lower bound of the 90 % interval; not below zero. Not additive.',
    high_90_amount = 'Upper bound of the 90 % interval. Not additive.',
    baseline_amount = 'What the naive method says: the same day of the last week known.',
    is_backtest = 'The forecast is one of the past, made to see how good forecasts are.',
    origin_date = 'The first day that was not known to the forecast.',
    method = 'The method that the series'' forecast comes from.',
    as_of_date = 'The last order_date of the source.',
    note = 'What to keep in mind about the forecast.'
  )
);

WITH span AS (
  SELECT
    source,
    MIN(sales_date) AS first_date,
    MAX(sales_date) AS last_date
  FROM mart.category_sales_daily
  GROUP BY
    source
), sold AS (
  SELECT
    source,
    currency,
    COALESCE(category, 'all') AS category,
    sales_date,
    SUM(net_amount) AS net_amount
  FROM mart.category_sales_daily
  GROUP BY
    GROUPING SETS (
      (source, currency, category, sales_date),
      (source, currency, sales_date)
    )
), series AS (
  SELECT DISTINCT
    source,
    currency,
    category
  FROM sold
), daily AS (
  SELECT
    series.source,
    series.currency,
    series.category,
    day.calendar_date AS sales_date,
    day.week_start_date,
    COALESCE(sold.net_amount, 0) AS net_amount
  FROM series
  JOIN span
    ON span.source = series.source
  JOIN core.dim_date AS day
    ON day.calendar_date BETWEEN span.first_date AND span.last_date
  LEFT JOIN sold
    ON sold.source = series.source
    AND sold.currency = series.currency
    AND sold.category = series.category
    AND sold.sales_date = day.calendar_date
), actual AS (
  SELECT
    source,
    currency,
    category,
    'day' AS period_kind,
    sales_date AS period_start_date,
    net_amount
  FROM daily
  UNION ALL
  SELECT
    source,
    currency,
    category,
    'week',
    week_start_date,
    SUM(net_amount)
  FROM daily
  GROUP BY
    source,
    currency,
    category,
    week_start_date
  HAVING
    COUNT(*) = 7
)
SELECT
  COALESCE(actual.source, forecast.source)::TEXT AS source,
  COALESCE(actual.currency, forecast.currency)::TEXT AS currency,
  COALESCE(actual.category, forecast.category)::TEXT AS category,
  COALESCE(actual.period_kind, forecast.period_kind)::TEXT AS period_kind,
  COALESCE(actual.period_start_date, forecast.period_start_date)::DATE AS period_start_date,
  actual.net_amount::DECIMAL(18, 2) AS actual_amount,
  forecast.forecast_amount::DECIMAL(18, 2) AS forecast_amount,
  forecast.low_80_amount::DECIMAL(18, 2) AS low_80_amount,
  forecast.high_80_amount::DECIMAL(18, 2) AS high_80_amount,
  forecast.low_90_amount::DECIMAL(18, 2) AS low_90_amount,
  forecast.high_90_amount::DECIMAL(18, 2) AS high_90_amount,
  forecast.baseline_amount::DECIMAL(18, 2) AS baseline_amount,
  forecast.is_backtest::BOOLEAN AS is_backtest,
  forecast.origin_date::DATE AS origin_date,
  forecast.method::TEXT AS method,
  forecast.as_of_date::DATE AS as_of_date,
  forecast.note::TEXT AS note
FROM actual
FULL JOIN ml.sales_forecast AS forecast
  ON forecast.source = actual.source
  AND forecast.currency = actual.currency
  AND forecast.category = actual.category
  AND forecast.period_kind = actual.period_kind
  AND forecast.period_start_date = actual.period_start_date
