MODEL (
  name bi.order_header,
  kind VIEW,
  owner analytics_engineering,
  grain order_key,
  tags (
    bi
  ),
  grants (
    "select" = ARRAY['bi_reader']
  ),
  audits (not_null(columns := (
      order_key
    )), unique_values(columns := (
      order_key
  ))),
  description 'One row per order. Sales are order_kind = ''sale'' AND NOT is_cancelled. Amounts are in currency: never add them over currencies. Days and scores are averaged, never added.',
  column_descriptions (
    order_key = 'Surrogate key: hash of source and order.',
    source = 'The shop.',
    order_id = 'The order''s natural key in its source.',
    order_date = 'Business date in the shop''s own time zone; the time column.',
    ordered_at = 'The instant of the order.',
    customer_key = 'The customer as of the order; Unknown where the source names none.',
    store_key = 'The store that sold; Unknown where none did, as on the web.',
    channel = 'Where it was sold: web, marketplace, store.',
    order_kind = 'sale; return and adjustment where the source books these as documents of their own.',
    status = 'created, approved, invoiced, processing, shipped, delivered, completed, cancelled or unavailable.',
    is_cancelled = 'Cancelled or not to be fulfilled: no sale.',
    approved_at = 'When the payment was approved.',
    handed_over_at = 'When the carrier took the goods over.',
    delivered_at = 'When the customer had the goods.',
    delivered_date = 'The day of it in the shop''s own time zone.',
    promised_date = 'The day that was promised at the order.',
    delivery_days = 'Days from order_date to delivered_date. Not additive.',
    delay_days = 'Days from promised_date to delivered_date; negative when early. Not additive.',
    is_late = 'Delivered after the promised day; empty while not delivered or nothing was promised.',
    line_count = 'Lines of the order, whatever their kind.',
    product_quantity = 'Pieces of merchandise; negative on returns.',
    product_amount = 'net_amount of the lines of kind product.',
    freight_amount = 'Freight, booked on lines or as lines.',
    other_amount = 'net_amount of all other lines: fees, vouchers, discounts, corrections.',
    order_amount = 'product_amount + freight_amount + other_amount.',
    payment_count = 'Means of payment used.',
    instalment_count = 'Largest number of instalments of a payment. Not additive.',
    paid_amount = 'What was paid; empty where the source knows no payments.',
    review_count = 'Reviews of the order.',
    review_score = 'Mean score of the reviews, 1 to 5. Not additive.',
    currency = 'Currency of the amounts, ISO 4217.'
  )
);

SELECT
  order_key::UUID AS order_key,
  source::TEXT AS source,
  order_id::TEXT AS order_id,
  order_date::DATE AS order_date,
  ordered_at::TIMESTAMPTZ AS ordered_at,
  customer_key::UUID AS customer_key,
  store_key::UUID AS store_key,
  channel::TEXT AS channel,
  order_kind::TEXT AS order_kind,
  status::TEXT AS status,
  is_cancelled::BOOLEAN AS is_cancelled,
  approved_at::TIMESTAMPTZ AS approved_at,
  handed_over_at::TIMESTAMPTZ AS handed_over_at,
  delivered_at::TIMESTAMPTZ AS delivered_at,
  delivered_date::DATE AS delivered_date,
  promised_date::DATE AS promised_date,
  delivery_days::INT AS delivery_days,
  delay_days::INT AS delay_days,
  is_late::BOOLEAN AS is_late,
  line_count::INT AS line_count,
  product_quantity::DECIMAL(18, 3) AS product_quantity,
  product_amount::DECIMAL(18, 4) AS product_amount,
  freight_amount::DECIMAL(18, 4) AS freight_amount,
  other_amount::DECIMAL(18, 4) AS other_amount,
  order_amount::DECIMAL(18, 4) AS order_amount,
  payment_count::INT AS payment_count,
  instalment_count::INT AS instalment_count,
  paid_amount::DECIMAL(18, 4) AS paid_amount,
  review_count::INT AS review_count,
  review_score::DECIMAL(5, 4) AS review_score,
  currency::TEXT AS currency
FROM core.fct_order
