MODEL (
  name bi.payment,
  kind VIEW,
  owner analytics_engineering,
  grain payment_key,
  tags (
    bi
  ),
  grants (
    "select" = ARRAY['bi_reader']
  ),
  description 'One row per means of payment of an order. Amounts are in currency: never add them over currencies.',
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

SELECT
  payment_key::UUID AS payment_key,
  order_key::UUID AS order_key,
  source::TEXT AS source,
  order_id::TEXT AS order_id,
  payment_number::INT AS payment_number,
  order_date::DATE AS order_date,
  ordered_at::TIMESTAMPTZ AS ordered_at,
  method::TEXT AS method,
  instalment_count::INT AS instalment_count,
  paid_amount::DECIMAL(18, 4) AS paid_amount,
  currency::TEXT AS currency
FROM core.fct_payment
