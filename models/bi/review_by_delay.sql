MODEL (
  name bi.review_by_delay,
  kind VIEW,
  owner analytics_engineering,
  grain (source, channel, bucket_number),
  tags (bi, reviews),
  grants (
    "select" = ARRAY['bi_reader']
  ),
  audits (
    not_null(columns := (source, channel, bucket_number)),
    unique_combination_of_columns(columns := (source, channel, bucket_number))
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

SELECT
  source::TEXT AS source,
  channel::TEXT AS channel,
  bucket_number::INT AS bucket_number,
  delay_bucket::TEXT AS delay_bucket,
  review_count::INT AS review_count,
  average_review_score::DECIMAL(9, 6) AS average_review_score,
  low_score_rate::DECIMAL(9, 6) AS low_score_rate,
  top_score_rate::DECIMAL(9, 6) AS top_score_rate,
  score_difference::DECIMAL(9, 6) AS score_difference
FROM mart.review_by_delay
