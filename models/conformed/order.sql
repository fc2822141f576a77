MODEL (
  name conformed."order",
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column order_date
  ),
  owner analytics_engineering,
  grain (source, order_id),
  depends_on (
    conformed.control_total
  ),
  tags (
    conformed
  ),
  audits (
    not_null(
      columns := (source, order_id, order_date, ordered_at, channel, order_kind, status, currency)
    ),
    unique_combination_of_columns(columns := (source, order_id)),
    accepted_values(column := order_kind, is_in := ('sale', 'return', 'adjustment')),
    accepted_values(
      column := status,
      is_in := (
        'created',
        'approved',
        'invoiced',
        'processing',
        'shipped',
        'delivered',
        'completed',
        'cancelled',
        'unavailable'
      )
    ),
    orders_match_control_total,
    orders_stand_on_one_day(whole_model := conformed."order")
  ),
  description 'One row per source and order. A return or an adjustment that the source books as a document of its own is an order of that kind.'
);

SELECT
  source::TEXT AS source,
  order_id::TEXT AS order_id,
  order_date::DATE AS order_date,
  ordered_at::TIMESTAMPTZ AS ordered_at,
  customer_id::TEXT AS customer_id,
  channel::TEXT AS channel,
  order_kind::TEXT AS order_kind,
  status::TEXT AS status,
  is_cancelled::BOOLEAN AS is_cancelled,
  approved_at::TIMESTAMPTZ AS approved_at,
  handed_over_at::TIMESTAMPTZ AS handed_over_at,
  delivered_at::TIMESTAMPTZ AS delivered_at,
  delivered_date::DATE AS delivered_date,
  promised_date::DATE AS promised_date,
  store_id::TEXT AS store_id,
  currency::TEXT AS currency
FROM (
  @UNION_SOURCES(
    "order",
    source,
    order_id,
    order_date,
    ordered_at,
    customer_id,
    channel,
    order_kind,
    status,
    is_cancelled,
    approved_at,
    handed_over_at,
    delivered_at,
    delivered_date,
    promised_date,
    store_id,
    currency
  )
) AS sourced
WHERE
  order_date BETWEEN @start_date AND @end_date;

@INDEX_ON(order_date);

@INDEX_ON(source, order_id)
