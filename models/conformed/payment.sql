MODEL (
  name conformed.payment,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column order_date
  ),
  owner analytics_engineering,
  grain (source, order_id, payment_number),
  depends_on (
    conformed.control_total
  ),
  tags (
    conformed
  ),
  audits (
    not_null(
      columns := (source, order_id, payment_number, order_date, method, paid_amount, currency)
    ),
    unique_combination_of_columns(columns := (source, order_id, payment_number)),
    payments_match_control_total
  ),
  description 'One row per source, order and means of payment, on the date of the order. Amounts are in currency: never add them over currencies.'
);

SELECT
  source::TEXT AS source,
  order_id::TEXT AS order_id,
  payment_number::INT AS payment_number,
  order_date::DATE AS order_date,
  ordered_at::TIMESTAMPTZ AS ordered_at,
  method::TEXT AS method,
  instalment_count::INT AS instalment_count,
  paid_amount::DECIMAL(18, 4) AS paid_amount,
  currency::TEXT AS currency
FROM (
  @UNION_SOURCES(
    payment,
    source,
    order_id,
    payment_number,
    order_date,
    ordered_at,
    method,
    instalment_count,
    paid_amount,
    currency
  )
) AS sourced
WHERE
  order_date BETWEEN @start_date AND @end_date;

@INDEX_ON(order_date)
