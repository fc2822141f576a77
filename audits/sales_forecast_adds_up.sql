AUDIT (
  name sales_forecast_adds_up
);

/* Periods whose categories do not add up to the category all, to the cent, and whole weeks that are not the sum of their days. */
WITH forecast AS (
  SELECT
    *,
    (
      period_start_date - (
        EXTRACT(ISODOW FROM period_start_date)::INT - 1
      )
    )::DATE AS monday_date
  FROM @this_model
), by_category AS (
  SELECT
    source,
    currency,
    period_kind,
    period_start_date,
    SUM(CASE WHEN category = 'all' THEN forecast_amount ELSE -forecast_amount END) AS difference_amount
  FROM forecast
  GROUP BY
    source,
    currency,
    period_kind,
    period_start_date
), by_day AS (
  SELECT
    source,
    currency,
    category,
    monday_date,
    origin_date,
    SUM(CASE WHEN period_kind = 'week' THEN forecast_amount ELSE -forecast_amount END) AS difference_amount
  FROM forecast
  GROUP BY
    source,
    currency,
    category,
    monday_date,
    origin_date
  HAVING
    COUNT(*) = 8 /* seven days and their week */
)
SELECT
  source,
  currency,
  'all' AS category,
  period_start_date,
  difference_amount
FROM by_category
WHERE
  difference_amount <> 0
UNION ALL
SELECT
  source,
  currency,
  category,
  monday_date,
  difference_amount
FROM by_day
WHERE
  difference_amount <> 0
