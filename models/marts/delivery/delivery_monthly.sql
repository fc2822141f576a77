MODEL (
  name mart.delivery_monthly,
  kind FULL,
  owner analytics_engineering,
  grain (source, channel, month_start_date),
  tags (mart, delivery),
  audits (
    not_null(
      columns := (source, channel, month_start_date, delivered_order_count, late_order_count)
    ),
    unique_combination_of_columns(columns := (source, channel, month_start_date)),
    totals_match(
      columns := (source, channel, month_start_date),
      measures := (delivered_order_count, late_order_count),
      parent := core.fct_order,
      parent_columns := (source, channel, DATE_TRUNC('MONTH', order_date)::DATE),
      parent_measures := (CASE WHEN is_late IS NULL THEN 0 ELSE 1 END, CASE WHEN is_late THEN 1 ELSE 0 END),
      parent_condition := order_kind = 'sale' AND NOT is_cancelled
    )
  ),
  description 'One row per source, channel and month of the order. Counts are additive; days and rates are not, and stand beside the counts that they are of. Recent months change until their orders are delivered. Answers: how fast and how reliably we deliver, and how generous the promise is.',
  column_descriptions (
    source = 'The shop.',
    channel = 'Where it was sold: web, marketplace, store.',
    month_start_date = 'First day of the month of the order.',
    promised_order_count = 'Orders, not cancelled, that were promised for a day. Adds up over time, channel, store, place and customer.',
    delivered_order_count = 'Orders, not cancelled, that were promised for a day and have been delivered. Adds up over time, channel, store, place and customer.',
    late_order_count = 'Orders delivered after the promised day. Adds up over time, channel, store, place and customer.',
    overdue_order_count = 'Orders, not cancelled, that are not delivered although the promised day lies before the source''s last order. Adds up over time, channel, store, place and customer.',
    on_time_rate = 'Share of the delivered orders that came by the promised day; what is overdue is not in it. Not additive.',
    average_approval_days = 'Mean days from the order to the approval of its payment. Not additive.',
    average_hand_over_days = 'Mean days from the approval, or from the order where it needed none, to the carrier. Not additive.',
    average_transit_days = 'Mean days from the carrier to the customer. Not additive.',
    average_delivery_days = 'Mean days from the day of the order to that of the delivery. Not additive.',
    median_delivery_days = 'Days from order to delivery within which half of the delivered orders came. Not additive.',
    slow_delivery_days = 'Days from order to delivery within which 9 of 10 of the delivered orders came. Not additive.',
    average_promised_days = 'Mean days from the day of the order to the promised one, of the orders that have been delivered. Not additive.',
    average_delay_days = 'Mean days from the promised day to that of the delivery, negative when early. Not additive.',
    average_late_days = 'Mean days from the promised day to that of the delivery, of the late orders alone. Not additive.'
  )
);

WITH as_of AS (
  SELECT
    source,
    MAX(order_date) AS last_order_date
  FROM core.fct_order
  GROUP BY
    source
), monthly AS (
  SELECT
    delivery.source,
    delivery.channel,
    DATE_TRUNC('MONTH', delivery.order_date)::DATE AS month_start_date,
    COUNT(delivery.promised_date) AS promised_order_count,
    COUNT(delivery.is_late) AS delivered_order_count,
    COUNT(*) FILTER(WHERE
      delivery.is_late) AS late_order_count,
    COUNT(*) FILTER(WHERE
      delivery.delivered_date IS NULL
      AND delivery.promised_date < as_of.last_order_date) AS overdue_order_count,
    AVG(delivery.approval_days) AS average_approval_days,
    AVG(delivery.hand_over_days) AS average_hand_over_days,
    AVG(delivery.transit_days) AS average_transit_days,
    AVG(delivery.delivery_days) AS average_delivery_days,
    PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY
      delivery.delivery_days) AS median_delivery_days,
    PERCENTILE_CONT(0.9) WITHIN GROUP (ORDER BY
      delivery.delivery_days) AS slow_delivery_days,
    AVG(delivery.promised_days) FILTER(WHERE
      NOT delivery.is_late IS NULL) AS average_promised_days,
    AVG(delivery.delay_days) AS average_delay_days,
    AVG(delivery.delay_days) FILTER(WHERE
      delivery.is_late) AS average_late_days
  FROM mart.order_delivery AS delivery
  JOIN as_of
    ON as_of.source = delivery.source
  GROUP BY
    delivery.source,
    delivery.channel,
    DATE_TRUNC('MONTH', delivery.order_date)::DATE
)
SELECT
  source::TEXT AS source,
  channel::TEXT AS channel,
  month_start_date::DATE AS month_start_date,
  promised_order_count::INT AS promised_order_count,
  delivered_order_count::INT AS delivered_order_count,
  late_order_count::INT AS late_order_count,
  overdue_order_count::INT AS overdue_order_count,
  (
    1 - late_order_count::DECIMAL / NULLIF(delivered_order_count, 0)
  )::DECIMAL(9, 6) AS on_time_rate,
  average_approval_days::DECIMAL(12, 3) AS average_approval_days,
  average_hand_over_days::DECIMAL(12, 3) AS average_hand_over_days,
  average_transit_days::DECIMAL(12, 3) AS average_transit_days,
  average_delivery_days::DECIMAL(12, 3) AS average_delivery_days,
  median_delivery_days::DECIMAL(12, 3) AS median_delivery_days,
  slow_delivery_days::DECIMAL(12, 3) AS slow_delivery_days,
  average_promised_days::DECIMAL(12, 3) AS average_promised_days,
  average_delay_days::DECIMAL(12, 3) AS average_delay_days,
  average_late_days::DECIMAL(12, 3) AS average_late_days
FROM monthly
