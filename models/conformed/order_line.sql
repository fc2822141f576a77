MODEL (
  name conformed.order_line,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column order_date
  ),
  owner analytics_engineering,
  grain (source, order_id, line_id),
  depends_on (
    conformed.control_total
  ),
  tags (
    conformed
  ),
  audits (
    not_null(
      columns := (
        source,
        order_id,
        line_id,
        order_date,
        ordered_at,
        product_id,
        line_kind,
        quantity,
        net_amount,
        currency
      )
    ),
    unique_combination_of_columns(columns := (source, order_id, line_id)),
    accepted_values(
      column := line_kind,
      is_in := (
        'product',
        'gift_voucher',
        'freight',
        'discount',
        'fee',
        'manual',
        'sample',
        'adjustment',
        'test',
        'stock_movement'
      )
    ),
    net_amount_follows_from_its_parts,
    lines_match_control_total
  ),
  description 'One row per source, order and line. Only lines of kind product are merchandise. Amounts are in currency: never add them over currencies.'
);

SELECT
  source::TEXT AS source,
  order_id::TEXT AS order_id,
  line_id::TEXT AS line_id,
  order_date::DATE AS order_date,
  ordered_at::TIMESTAMPTZ AS ordered_at,
  customer_id::TEXT AS customer_id,
  product_id::TEXT AS product_id,
  seller_id::TEXT AS seller_id,
  store_id::TEXT AS store_id,
  line_kind::TEXT AS line_kind,
  quantity::DECIMAL(18, 3) AS quantity,
  unit_price_amount::DECIMAL(18, 4) AS unit_price_amount,
  (
    quantity * unit_price_amount
  )::DECIMAL(18, 4) AS list_amount,
  discount_amount::DECIMAL(18, 4) AS discount_amount,
  (
    quantity * unit_price_amount - discount_amount
  )::DECIMAL(18, 4) AS net_amount,
  tax_amount::DECIMAL(18, 4) AS tax_amount, /* part of net_amount */
  freight_amount::DECIMAL(18, 4) AS freight_amount,
  currency::TEXT AS currency,
  promotion_code::TEXT AS promotion_code,
  is_return::BOOLEAN AS is_return,
  return_date::DATE AS return_date, /* the day the goods came back; order_date is the day of the order that it is booked on */
  is_cancelled::BOOLEAN AS is_cancelled
FROM (
  @UNION_SOURCES(
    order_line,
    source,
    order_id,
    line_id,
    order_date,
    ordered_at,
    customer_id,
    product_id,
    seller_id,
    store_id,
    line_kind,
    quantity,
    unit_price_amount,
    discount_amount,
    tax_amount,
    freight_amount,
    currency,
    promotion_code,
    is_return,
    return_date,
    is_cancelled
  )
) AS sourced
WHERE
  order_date BETWEEN @start_date AND @end_date;

@INDEX_ON(order_date)
