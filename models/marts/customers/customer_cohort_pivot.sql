MODEL (
  name mart.customer_cohort_pivot,
  kind FULL,
  owner analytics_engineering,
  grain (source, currency, acquisition_month_start_date, measure),
  tags (mart, customers),
  audits (
    not_null(columns := (source, currency, acquisition_month_start_date, measure, month_00)),
    unique_combination_of_columns(columns := (source, currency, acquisition_month_start_date, measure)),
    accepted_values(
      column := measure,
      is_in := (
        'customer_count',
        'order_count',
        'net_amount',
        'retention_rate',
        'cumulative_per_customer_amount'
      )
    )
  ),
  description 'One row per source, currency, month of acquisition and measure, with the months since then side by side: mart.customer_cohort as a triangle. Filter one measure; add nothing over measures, currencies or columns. A month that has not happened yet is empty, one without orders is zero; months after the 24th are in the long form.',
  column_descriptions (
    source = 'The shop.',
    currency = 'Currency of the amounts, ISO 4217.',
    acquisition_month_start_date = 'First day of the month of the customers'' first order.',
    measure = 'customer_count, order_count, net_amount, retention_rate or cumulative_per_customer_amount, as defined in mart.customer_cohort.',
    month_00 = 'The month of the first order; empty where it has not happened yet.',
    month_01 = '1 month later; empty where it has not happened yet.',
    month_02 = '2 months later; empty where it has not happened yet.',
    month_03 = '3 months later; empty where it has not happened yet.',
    month_04 = '4 months later; empty where it has not happened yet.',
    month_05 = '5 months later; empty where it has not happened yet.',
    month_06 = '6 months later; empty where it has not happened yet.',
    month_07 = '7 months later; empty where it has not happened yet.',
    month_08 = '8 months later; empty where it has not happened yet.',
    month_09 = '9 months later; empty where it has not happened yet.',
    month_10 = '10 months later; empty where it has not happened yet.',
    month_11 = '11 months later; empty where it has not happened yet.',
    month_12 = '12 months later; empty where it has not happened yet.',
    month_13 = '13 months later; empty where it has not happened yet.',
    month_14 = '14 months later; empty where it has not happened yet.',
    month_15 = '15 months later; empty where it has not happened yet.',
    month_16 = '16 months later; empty where it has not happened yet.',
    month_17 = '17 months later; empty where it has not happened yet.',
    month_18 = '18 months later; empty where it has not happened yet.',
    month_19 = '19 months later; empty where it has not happened yet.',
    month_20 = '20 months later; empty where it has not happened yet.',
    month_21 = '21 months later; empty where it has not happened yet.',
    month_22 = '22 months later; empty where it has not happened yet.',
    month_23 = '23 months later; empty where it has not happened yet.',
    month_24 = '24 months later; empty where it has not happened yet.'
  )
);

WITH measured AS (
  SELECT
    cohort.source,
    cohort.currency,
    cohort.acquisition_month_start_date,
    cohort.month_number,
    measured.measure,
    measured.value
  FROM mart.customer_cohort AS cohort
  CROSS JOIN LATERAL (
    VALUES
      ('customer_count', cohort.customer_count::DECIMAL),
      ('order_count', cohort.order_count::DECIMAL),
      ('net_amount', cohort.net_amount::DECIMAL),
      ('retention_rate', cohort.retention_rate::DECIMAL),
      ('cumulative_per_customer_amount', cohort.cumulative_per_customer_amount::DECIMAL)
  ) AS measured(measure, value)
)
SELECT
  source::TEXT AS source,
  currency::TEXT AS currency,
  acquisition_month_start_date::DATE AS acquisition_month_start_date,
  measure::TEXT AS measure,
  MAX(value) FILTER(WHERE
    month_number = 0)::DECIMAL(18, 6) AS month_00,
  MAX(value) FILTER(WHERE
    month_number = 1)::DECIMAL(18, 6) AS month_01,
  MAX(value) FILTER(WHERE
    month_number = 2)::DECIMAL(18, 6) AS month_02,
  MAX(value) FILTER(WHERE
    month_number = 3)::DECIMAL(18, 6) AS month_03,
  MAX(value) FILTER(WHERE
    month_number = 4)::DECIMAL(18, 6) AS month_04,
  MAX(value) FILTER(WHERE
    month_number = 5)::DECIMAL(18, 6) AS month_05,
  MAX(value) FILTER(WHERE
    month_number = 6)::DECIMAL(18, 6) AS month_06,
  MAX(value) FILTER(WHERE
    month_number = 7)::DECIMAL(18, 6) AS month_07,
  MAX(value) FILTER(WHERE
    month_number = 8)::DECIMAL(18, 6) AS month_08,
  MAX(value) FILTER(WHERE
    month_number = 9)::DECIMAL(18, 6) AS month_09,
  MAX(value) FILTER(WHERE
    month_number = 10)::DECIMAL(18, 6) AS month_10,
  MAX(value) FILTER(WHERE
    month_number = 11)::DECIMAL(18, 6) AS month_11,
  MAX(value) FILTER(WHERE
    month_number = 12)::DECIMAL(18, 6) AS month_12,
  MAX(value) FILTER(WHERE
    month_number = 13)::DECIMAL(18, 6) AS month_13,
  MAX(value) FILTER(WHERE
    month_number = 14)::DECIMAL(18, 6) AS month_14,
  MAX(value) FILTER(WHERE
    month_number = 15)::DECIMAL(18, 6) AS month_15,
  MAX(value) FILTER(WHERE
    month_number = 16)::DECIMAL(18, 6) AS month_16,
  MAX(value) FILTER(WHERE
    month_number = 17)::DECIMAL(18, 6) AS month_17,
  MAX(value) FILTER(WHERE
    month_number = 18)::DECIMAL(18, 6) AS month_18,
  MAX(value) FILTER(WHERE
    month_number = 19)::DECIMAL(18, 6) AS month_19,
  MAX(value) FILTER(WHERE
    month_number = 20)::DECIMAL(18, 6) AS month_20,
  MAX(value) FILTER(WHERE
    month_number = 21)::DECIMAL(18, 6) AS month_21,
  MAX(value) FILTER(WHERE
    month_number = 22)::DECIMAL(18, 6) AS month_22,
  MAX(value) FILTER(WHERE
    month_number = 23)::DECIMAL(18, 6) AS month_23,
  MAX(value) FILTER(WHERE
    month_number = 24)::DECIMAL(18, 6) AS month_24
FROM measured
GROUP BY
  source,
  currency,
  acquisition_month_start_date,
  measure
