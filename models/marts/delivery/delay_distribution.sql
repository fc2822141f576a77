MODEL (
  name mart.delay_distribution,
  kind FULL,
  owner analytics_engineering,
  grain (source, channel, bucket_number),
  tags (mart, delivery),
  audits (
    not_null(columns := (source, channel, bucket_number, delivered_order_count)),
    unique_combination_of_columns(columns := (source, channel, bucket_number)),
    totals_match(
      columns := (source, channel),
      measures := (
        delivered_order_count
      ),
      parent := mart.order_delivery,
      parent_columns := (source, channel),
      parent_measures := (
        CASE WHEN delay_days IS NULL THEN 0 ELSE 1 END
      )
    )
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

WITH series AS (
  SELECT
    source,
    channel,
    COUNT(*) AS order_count
  FROM mart.order_delivery
  WHERE
    NOT delay_days IS NULL
  GROUP BY
    source,
    channel
), counted AS (
  SELECT
    delivery.source,
    delivery.channel,
    bucket.bucket_number,
    COUNT(*) AS order_count
  FROM mart.order_delivery AS delivery
  JOIN seed.delay_bucket AS bucket
    ON delivery.delay_days BETWEEN bucket.from_days AND bucket.to_days
  GROUP BY
    delivery.source,
    delivery.channel,
    bucket.bucket_number
)
SELECT
  series.source::TEXT AS source,
  series.channel::TEXT AS channel,
  bucket.bucket_number::INT AS bucket_number,
  bucket.delay_bucket::TEXT AS delay_bucket,
  (
    CASE WHEN bucket.bucket_number > 1 THEN bucket.from_days END
  )::INT AS from_days,
  (
    CASE WHEN bucket.to_days < 100000 THEN bucket.to_days END
  )::INT AS to_days,
  COALESCE(counted.order_count, 0)::INT AS delivered_order_count,
  (
    COALESCE(counted.order_count, 0)::DECIMAL / series.order_count
  )::DECIMAL(9, 6) AS delivered_order_share,
  (
    SUM(COALESCE(counted.order_count, 0)) OVER (PARTITION BY series.source, series.channel ORDER BY bucket.bucket_number)::DECIMAL / series.order_count
  )::DECIMAL(9, 6) AS cumulative_order_share
FROM series
CROSS JOIN seed.delay_bucket AS bucket
LEFT JOIN counted
  ON counted.source = series.source
  AND counted.channel = series.channel
  AND counted.bucket_number = bucket.bucket_number
