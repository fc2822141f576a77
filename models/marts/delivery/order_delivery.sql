MODEL (
  name mart.order_delivery,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column order_date
  ),
  owner analytics_engineering,
  grain order_key,
  tags (mart, delivery),
  audits (
    not_null(columns := (order_key, source, order_date, channel)),
    unique_values(columns := (
      order_key
    )),
    rows_match(
      columns := (source, order_date, channel, promised_date, delivered_date, is_late),
      parent := core.fct_order,
      parent_columns := (source, order_date, channel, promised_date, delivered_date, is_late),
      parent_condition := order_date BETWEEN @start_date AND @end_date
      AND order_kind = 'sale'
      AND NOT is_cancelled
      AND (
        NOT promised_date IS NULL OR NOT delivered_at IS NULL
      )
    )
  ),
  description 'One row per order that was promised or brought for a day and not cancelled: its way to the customer, step by step. Days are averaged, never added. Answers nothing by itself: the other marts of delivery are made of it.',
  column_descriptions (
    order_key = 'The order, in core.fct_order.',
    source = 'The shop.',
    order_id = 'The order''s natural key in its source.',
    order_date = 'Business date in the shop''s own time zone; the time column.',
    channel = 'Where it was sold: web, marketplace, store.',
    customer_key = 'The customer as of the order; Unknown where the source names none.',
    approval_days = 'Days from the order to the approval of its payment, with decimals. Not additive.',
    hand_over_days = 'Days from the approval, or from the order where it needed none, to the carrier, with decimals; negative where the source has them in another order. Not additive.',
    transit_days = 'Days from the carrier to the customer, with decimals. Not additive.',
    delivered_date = 'The day on which the customer had the goods; empty until then.',
    promised_date = 'The day that was promised at the order.',
    delivery_days = 'Days from order_date to delivered_date. Not additive.',
    promised_days = 'Days from order_date to promised_date. Not additive.',
    delay_days = 'Days from promised_date to delivered_date; negative when early. Not additive.',
    is_late = 'Delivered after the promised day; empty while not delivered or nothing was promised.'
  )
);

SELECT
  order_key::UUID AS order_key,
  source::TEXT AS source,
  order_id::TEXT AS order_id,
  order_date::DATE AS order_date,
  channel::TEXT AS channel,
  customer_key::UUID AS customer_key,
  (
    EXTRACT(EPOCH FROM approved_at - ordered_at) / 86400.0
  )::DECIMAL(12, 4) AS approval_days,
  (
    EXTRACT(EPOCH FROM handed_over_at - COALESCE(approved_at, ordered_at)) / 86400.0
  )::DECIMAL(12, 4) AS hand_over_days,
  (
    EXTRACT(EPOCH FROM delivered_at - handed_over_at) / 86400.0
  )::DECIMAL(12, 4) AS transit_days,
  delivered_date::DATE AS delivered_date,
  promised_date::DATE AS promised_date,
  delivery_days::INT AS delivery_days,
  (
    promised_date - order_date
  )::INT AS promised_days,
  delay_days::INT AS delay_days,
  is_late::BOOLEAN AS is_late
FROM core.fct_order
WHERE
  order_date BETWEEN @start_date AND @end_date
  AND order_kind = 'sale'
  AND NOT is_cancelled
  AND (
    NOT promised_date IS NULL OR NOT delivered_at IS NULL
  );

@INDEX_ON(order_date);

@INDEX_ON(order_key)
