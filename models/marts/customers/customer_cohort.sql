MODEL (
  name mart.customer_cohort,
  kind FULL,
  owner analytics_engineering,
  grain (source, currency, acquisition_month_start_date, month_number),
  tags (mart, customers),
  audits (
    not_null(
      columns := (
        source,
        currency,
        acquisition_month_start_date,
        month_number,
        cohort_customer_count,
        customer_count,
        order_count,
        net_amount,
        retention_rate
      )
    ),
    unique_combination_of_columns(columns := (source, currency, acquisition_month_start_date, month_number)),
    accepted_range(column := retention_rate, min_v := 0, max_v := 1),
    totals_match(
      columns := (source, currency, acquisition_month_start_date, month_start_date),
      measures := (order_count, net_amount),
      parent := mart.customer_month,
      parent_columns := (source, currency, acquisition_month_start_date, month_start_date),
      parent_measures := (order_count, net_amount),
      parent_condition := month_number >= 0
    )
  ),
  description 'One row per source, currency, month of acquisition and month since then, up to the month of the source''s last order: months that have not happened yet are absent, months without orders are zero. Customers are counted once a month, so customer_count is not additive over months; never add amounts over currencies. Answers: how many of the customers won in a month come back, when, and what they are worth by then.',
  column_descriptions (
    source = 'The shop.',
    currency = 'Currency of the amounts, ISO 4217.',
    acquisition_month_start_date = 'First day of the month of the customers'' first order.',
    month_number = 'Months since that one; 0 is the month itself.',
    month_start_date = 'First day of the month that the row tells of.',
    cohort_customer_count = 'Customers whose first order fell into the month of acquisition. Not additive over months.',
    customer_count = 'Those of them with an order in this month. Not additive over months.',
    order_count = 'Their orders in this month.',
    net_amount = 'Their revenue in this month, less what they brought back in it.',
    retention_rate = 'Customers of the cohort with an order in the month, as a share of the cohort. Not additive.',
    cumulative_net_amount = 'Their revenue from month 0 to this one. Not additive over months.',
    cumulative_per_customer_amount = 'Net sales of the cohort from month 0 to this one, by customer of the cohort. Not additive.'
  )
);

WITH activity AS (
  SELECT
    source,
    currency,
    acquisition_month_start_date,
    month_number,
    COUNT(*) FILTER(WHERE
      order_count > 0) AS customer_count,
    SUM(order_count) AS order_count,
    SUM(net_amount) AS net_amount
  FROM mart.customer_month
  WHERE
    month_number >= 0
  GROUP BY
    source,
    currency,
    acquisition_month_start_date,
    month_number
), cohort AS (
  SELECT
    source,
    currency,
    acquisition_month_start_date,
    customer_count AS cohort_customer_count
  FROM activity
  WHERE
    month_number = 0
), span AS (
  /* To the month of the last order, or of the last refund where that came later. */
  SELECT
    source,
    MAX(last_date) AS last_date
  FROM (
    SELECT
      source,
      MAX(order_date) AS last_date
    FROM core.fct_order
    GROUP BY
      source
    UNION ALL
    SELECT
      source,
      MAX(month_start_date)
    FROM mart.customer_month
    GROUP BY
      source
  ) AS last
  GROUP BY
    source
), spine AS (
  SELECT
    cohort.*,
    month.calendar_date AS month_start_date,
    ROW_NUMBER() OVER (
      PARTITION BY cohort.source, cohort.currency, cohort.acquisition_month_start_date
      ORDER BY month.calendar_date
    ) - 1 AS month_number
  FROM cohort
  JOIN span
    ON span.source = cohort.source
  JOIN core.dim_date AS month
    ON month.calendar_date BETWEEN cohort.acquisition_month_start_date AND span.last_date
    AND month.day_of_month = 1
), filled AS (
  SELECT
    spine.*,
    COALESCE(activity.customer_count, 0) AS customer_count,
    COALESCE(activity.order_count, 0) AS order_count,
    COALESCE(activity.net_amount, 0) AS net_amount,
    SUM(COALESCE(activity.net_amount, 0)) OVER (
      PARTITION BY spine.source, spine.currency, spine.acquisition_month_start_date
      ORDER BY spine.month_number
    ) AS cumulative_net_amount
  FROM spine
  LEFT JOIN activity
    ON activity.source = spine.source
    AND activity.currency = spine.currency
    AND activity.acquisition_month_start_date = spine.acquisition_month_start_date
    AND activity.month_number = spine.month_number
)
SELECT
  source::TEXT AS source,
  currency::TEXT AS currency,
  acquisition_month_start_date::DATE AS acquisition_month_start_date,
  month_number::INT AS month_number,
  month_start_date::DATE AS month_start_date,
  cohort_customer_count::BIGINT AS cohort_customer_count,
  customer_count::BIGINT AS customer_count,
  order_count::BIGINT AS order_count,
  net_amount::DECIMAL(18, 4) AS net_amount,
  (
    customer_count::DECIMAL / cohort_customer_count
  )::DECIMAL(9, 6) AS retention_rate,
  cumulative_net_amount::DECIMAL(18, 4) AS cumulative_net_amount,
  (
    cumulative_net_amount / cohort_customer_count
  )::DECIMAL(18, 4) AS cumulative_per_customer_amount
FROM filled
