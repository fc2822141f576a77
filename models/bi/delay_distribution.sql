MODEL (
  name bi.delay_distribution,
  kind VIEW,
  owner analytics_engineering,
  grain (source, channel, bucket_number),
  tags (bi, delivery),
  grants (
    "select" = ARRAY['bi_reader']
  ),
  audits (
    not_null(columns := (source, channel, bucket_number)),
    unique_combination_of_columns(columns := (source, channel, bucket_number))
  ),
  description 'One row per source, channel and range of days from the promised to the actual day, ranges without orders included. Orders are additive; rates are not. Answers: how early or late deliveries come.',
  column_descriptions (
    source = 'The shop.',
    channel = 'Where it was sold: web, marketplace, store.',
    bucket_number = 'Number of the range, from the earliest to the latest.',
    delay_bucket = 'The range in words.',
    from_days = 'First delay of the range in days, negative when early; empty where it is open. Not additive.',
    to_days = 'Last delay of the range in days; empty where it is open. Not additive.',
    delivered_order_count = 'Orders, not cancelled, that were promised for a day and have been delivered. Adds up over time, channel, store, place and customer.',
    delivered_order_share = 'Share (0 to 1) of the source''s and channel''s delivered orders that came with this delay. Adds up over the ranges.',
    cumulative_order_share = 'Share of them that came with this delay or earlier. Not additive.'
  )
);

SELECT
  source::TEXT AS source,
  channel::TEXT AS channel,
  bucket_number::INT AS bucket_number,
  delay_bucket::TEXT AS delay_bucket,
  from_days::INT AS from_days,
  to_days::INT AS to_days,
  delivered_order_count::INT AS delivered_order_count,
  delivered_order_share::DECIMAL(9, 6) AS delivered_order_share,
  cumulative_order_share::DECIMAL(9, 6) AS cumulative_order_share
FROM mart.delay_distribution
