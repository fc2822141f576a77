MODEL (
  name mart.review_by_delay,
  kind FULL,
  owner analytics_engineering,
  grain (source, channel, bucket_number),
  tags (mart, reviews),
  audits (
    not_null(columns := (source, channel, bucket_number, review_count, average_review_score)),
    unique_combination_of_columns(columns := (source, channel, bucket_number)),
    totals_match(
      columns := (source, channel),
      measures := (
        review_count
      ),
      parent := (
        SELECT
          review.source,
          placed.channel
        FROM core.fct_review AS review
        JOIN core.fct_order AS placed
          ON placed.order_key = review.order_key
        WHERE
          placed.order_kind = 'sale'
          AND NOT placed.is_cancelled
          AND NOT placed.promised_date IS NULL
      ),
      parent_columns := (source, channel),
      parent_measures := (
        1
      )
    )
  ),
  depends_on (
    core.fct_order
  ),
  description 'One row per source, channel and range of days from the promised to the actual day that a reviewed order came in, and one (number 0) for reviewed orders that were not delivered. Reviews are additive; means and rates are not. Answers: what lateness costs in reviews.',
  column_descriptions (
    source = 'The shop.',
    channel = 'Where it was sold: web, marketplace, store.',
    bucket_number = 'Number of the range, from the earliest to the latest; 0 for what was not delivered.',
    delay_bucket = 'The range in words.',
    review_count = 'Reviews of orders or of products in them. Adds up over time, channel, store, place and customer.',
    average_review_score = 'Mean score of the reviews, 1 (worst) to 5. Not additive.',
    low_score_rate = 'Share of the reviews with a score of 1 or 2. Not additive.',
    top_score_rate = 'Share of the reviews with a score of 5. Not additive.',
    score_difference = 'average_review_score less that of all orders of the source and channel that came in time; empty where none did. Not additive.'
  )
);

WITH scored AS (
  SELECT
    delivery.source,
    delivery.channel,
    COALESCE(bucket.bucket_number, 0) AS bucket_number,
    COUNT(*) AS review_count,
    SUM(review.score) AS score_sum,
    COUNT(*) FILTER(WHERE
      review.score <= 2) AS low_score_count,
    COUNT(*) FILTER(WHERE
      review.score = 5) AS top_score_count
  FROM core.fct_review AS review
  JOIN mart.order_delivery AS delivery
    ON delivery.order_key = review.order_key AND delivery.order_date = review.order_date
  LEFT JOIN seed.delay_bucket AS bucket
    ON delivery.delay_days BETWEEN bucket.from_days AND bucket.to_days
  WHERE
    NOT delivery.promised_date IS NULL
  GROUP BY
    delivery.source,
    delivery.channel,
    COALESCE(bucket.bucket_number, 0)
)
SELECT
  scored.source::TEXT AS source,
  scored.channel::TEXT AS channel,
  scored.bucket_number::INT AS bucket_number,
  COALESCE(bucket.delay_bucket, 'not delivered')::TEXT AS delay_bucket,
  scored.review_count::INT AS review_count,
  (
    scored.score_sum::DECIMAL / scored.review_count
  )::DECIMAL(9, 6) AS average_review_score,
  (
    scored.low_score_count::DECIMAL / scored.review_count
  )::DECIMAL(9, 6) AS low_score_rate,
  (
    scored.top_score_count::DECIMAL / scored.review_count
  )::DECIMAL(9, 6) AS top_score_rate,
  (
    scored.score_sum::DECIMAL / scored.review_count - SUM(CASE WHEN scored.bucket_number BETWEEN 1 AND 5 THEN scored.score_sum END) OVER by_channel::DECIMAL / SUM(CASE WHEN scored.bucket_number BETWEEN 1 AND 5 THEN scored.review_count END) OVER by_channel
  )::DECIMAL(9, 6) AS score_difference
FROM scored
LEFT JOIN seed.delay_bucket AS bucket
  ON bucket.bucket_number = scored.bucket_number
WINDOW by_channel AS (PARTITION BY scored.source, scored.channel)
