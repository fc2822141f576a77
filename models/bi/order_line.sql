MODEL (
  name bi.order_line,
  kind VIEW,
  owner analytics_engineering,
  grain order_line_key,
  tags (
    bi
  ),
  grants (
    "select" = ARRAY['bi_reader']
  ),
  description 'One row per order line. Merchandise sold is line_kind = ''product'' AND NOT is_cancelled. Amounts are in currency: never add them over currencies. unit_price_amount is not additive.',
  column_descriptions (
    order_line_key = 'Surrogate key: hash of source, order and line.',
    order_key = 'The order, in core.fct_order.',
    source = 'The shop.',
    order_id = 'The order''s natural key in its source.',
    line_id = 'The line''s natural key within the order; source file and row number where the source has none.',
    order_date = 'Business date in the shop''s own time zone; the time column.',
    ordered_at = 'The instant of the order.',
    customer_key = 'The customer as of the order; Unknown where the source names none.',
    product_key = 'The product as of the order.',
    seller_key = 'The seller; Unknown where the shop sells itself.',
    store_key = 'The store that sold; Unknown where none did, as on the web.',
    product_id = 'The product''s natural key.',
    line_kind = 'product, gift_voucher, freight, discount, fee, manual, sample, adjustment, test or stock_movement.',
    quantity = 'Pieces; negative on returns.',
    unit_price_amount = 'Price of a piece before discounts. Not additive.',
    list_amount = 'quantity × unit_price_amount.',
    discount_amount = 'What was taken off, positive on sales.',
    net_amount = 'list_amount less discount_amount, before freight; negative on returns.',
    tax_amount = 'The tax that is part of net_amount; empty where the source does not tell it.',
    freight_amount = 'Freight that the source books on the line itself.',
    currency = 'Currency of the amounts, ISO 4217.',
    promotion_code = 'The offer that the discount comes from; empty where there was none or the source does not tell it.',
    is_return = 'Merchandise or a voucher came back: quantity and net_amount are negative.',
    return_date = 'The day it came back, in the shop''s own time zone; only on returns. order_date is the day of the document that it is booked on: a receipt of its own, or the web order that had sold it.',
    is_cancelled = 'The order was cancelled or could not be fulfilled: the line is no sale.'
  )
);

SELECT
  order_line_key::UUID AS order_line_key,
  order_key::UUID AS order_key,
  source::TEXT AS source,
  order_id::TEXT AS order_id,
  line_id::TEXT AS line_id,
  order_date::DATE AS order_date,
  ordered_at::TIMESTAMPTZ AS ordered_at,
  customer_key::UUID AS customer_key,
  product_key::UUID AS product_key,
  seller_key::UUID AS seller_key,
  store_key::UUID AS store_key,
  product_id::TEXT AS product_id,
  line_kind::TEXT AS line_kind,
  quantity::DECIMAL(18, 3) AS quantity,
  unit_price_amount::DECIMAL(18, 4) AS unit_price_amount,
  list_amount::DECIMAL(18, 4) AS list_amount,
  discount_amount::DECIMAL(18, 4) AS discount_amount,
  net_amount::DECIMAL(18, 4) AS net_amount,
  tax_amount::DECIMAL(18, 4) AS tax_amount,
  freight_amount::DECIMAL(18, 4) AS freight_amount,
  currency::TEXT AS currency,
  promotion_code::TEXT AS promotion_code,
  is_return::BOOLEAN AS is_return,
  return_date::DATE AS return_date,
  is_cancelled::BOOLEAN AS is_cancelled
FROM core.fct_order_line
