MODEL (
  name conformed.control_total,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column order_date
  ),
  owner analytics_engineering,
  grain (source, order_date, currency),
  tags (
    conformed
  ),
  audits (
    not_null(columns := (source, order_date, currency)),
    unique_combination_of_columns(columns := (source, order_date, currency))
  ),
  description 'One row per source, day and currency: what core has to hold of the day, counted straight from the raw rows. Never add amounts over currencies.'
);

SELECT
  source::TEXT AS source,
  order_date::DATE AS order_date,
  currency::TEXT AS currency,
  order_count::BIGINT AS order_count,
  line_count::BIGINT AS line_count,
  net_amount::DECIMAL(18, 4) AS net_amount,
  freight_amount::DECIMAL(18, 4) AS freight_amount,
  payment_count::BIGINT AS payment_count,
  paid_amount::DECIMAL(18, 4) AS paid_amount,
  review_count::BIGINT AS review_count
FROM (
  @UNION_SOURCES(
    control_total,
    source,
    order_date,
    currency,
    order_count,
    line_count,
    net_amount,
    freight_amount,
    payment_count,
    paid_amount,
    review_count
  )
) AS sourced
WHERE
  order_date BETWEEN @start_date AND @end_date
