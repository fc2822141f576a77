MODEL (
  name core.fct_payment,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column order_date
  ),
  owner analytics_engineering,
  grain payment_key,
  references (
    order_key
  ),
  depends_on (
    conformed.control_total
  ),
  tags (core, fact),
  audits (
    not_null(columns := (payment_key, order_key, order_date, method, paid_amount, currency)),
    unique_values(columns := (
      payment_key
    )),
    references_exist(key := order_key, parent := core.fct_order),
    payments_match_control_total
  ),
  description 'One row per means of payment of an order, and per refund that the source books on it (negative), on the date of the order. Amounts are in currency: never add them over currencies. instalment_count is not additive.',
  column_descriptions (
    payment_key = 'Surrogate key: hash of source, order and payment number.',
    order_key = 'The order, in core.fct_order.',
    source = 'The shop.',
    order_id = 'The order''s natural key in its source.',
    payment_number = 'Number of the payment within the order.',
    order_date = 'Business date of the order in the shop''s own time zone; the time column.',
    ordered_at = 'The instant of the order.',
    method = 'Means of payment in the source''s words: credit_card, boleto, voucher, upi, cash, …',
    instalment_count = 'Number of instalments. Not additive.',
    paid_amount = 'Amount of the payment, all instalments together; negative where money was given back.',
    currency = 'Currency of the amount, ISO 4217.'
  )
);

WITH payment AS (
  SELECT
    *
  FROM conformed.payment
  WHERE
    order_date BETWEEN @start_date AND @end_date
)
SELECT
  @SURROGATE_KEY(payment.source, payment.order_id, payment.payment_number)::UUID AS payment_key,
  "order".order_key::UUID AS order_key,
  payment.source::TEXT AS source,
  payment.order_id::TEXT AS order_id,
  payment.payment_number::INT AS payment_number,
  payment.order_date::DATE AS order_date,
  payment.ordered_at::TIMESTAMPTZ AS ordered_at,
  payment.method::TEXT AS method,
  payment.instalment_count::INT AS instalment_count,
  payment.paid_amount::DECIMAL(18, 4) AS paid_amount,
  payment.currency::TEXT AS currency
FROM payment
LEFT JOIN core.fct_order AS "order"
  ON "order".order_key = @SURROGATE_KEY(payment.source, payment.order_id)
  AND "order".order_date = payment.order_date;

@INDEX_ON(order_date)
