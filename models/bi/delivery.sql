MODEL (
  name bi.delivery,
  kind VIEW,
  owner analytics_engineering,
  grain (source, channel, month_start_date),
  tags (bi, delivery),
  grants (
    "select" = ARRAY['bi_reader']
  ),
  audits (
    not_null(columns := (source, channel, month_start_date)),
    unique_combination_of_columns(columns := (source, channel, month_start_date))
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

SELECT
  source::TEXT AS source,
  channel::TEXT AS channel,
  month_start_date::DATE AS month_start_date,
  promised_order_count::INT AS promised_order_count,
  delivered_order_count::INT AS delivered_order_count,
  late_order_count::INT AS late_order_count,
  overdue_order_count::INT AS overdue_order_count,
  on_time_rate::DECIMAL(9, 6) AS on_time_rate,
  average_approval_days::DECIMAL(12, 3) AS average_approval_days,
  average_hand_over_days::DECIMAL(12, 3) AS average_hand_over_days,
  average_transit_days::DECIMAL(12, 3) AS average_transit_days,
  average_delivery_days::DECIMAL(12, 3) AS average_delivery_days,
  median_delivery_days::DECIMAL(12, 3) AS median_delivery_days,
  slow_delivery_days::DECIMAL(12, 3) AS slow_delivery_days,
  average_promised_days::DECIMAL(12, 3) AS average_promised_days,
  average_delay_days::DECIMAL(12, 3) AS average_delay_days,
  average_late_days::DECIMAL(12, 3) AS average_late_days
FROM mart.delivery_monthly
