MODEL (
  name bi.review_summary,
  kind VIEW,
  owner analytics_engineering,
  grain (source, channel, month_start_date),
  tags (bi, reviews),
  grants (
    "select" = ARRAY['bi_reader']
  ),
  audits (
    not_null(columns := (source, channel, month_start_date)),
    unique_combination_of_columns(columns := (source, channel, month_start_date))
  ),
  description 'One row per source, channel and month of the order that is reviewed. Counts are additive; means and rates are not. Recent months grow as reviews come in. Answers: how customers judge us, how soon they answer, what lateness does to it.',
  column_descriptions (
    source = 'The shop.',
    channel = 'Where it was sold: web, marketplace, store.',
    month_start_date = 'First day of the month of the order.',
    review_count = 'Reviews of orders or of products in them. Adds up over time, channel, store, place and customer.',
    score_1_count = 'Reviews with score 1, the worst.',
    score_2_count = 'Reviews with score 2.',
    score_3_count = 'Reviews with score 3.',
    score_4_count = 'Reviews with score 4.',
    score_5_count = 'Reviews with score 5, the best.',
    average_review_score = 'Mean score of the reviews, 1 (worst) to 5. Not additive.',
    low_score_rate = 'Share of the reviews with a score of 1 or 2. Not additive.',
    top_score_rate = 'Share of the reviews with a score of 5. Not additive.',
    comment_rate = 'Share of the reviews that have a comment. Not additive.',
    surveyed_review_count = 'Reviews that answer a survey. Adds up over time, channel, store, place and customer.',
    average_response_days = 'Mean days from the survey to the answer, of the reviews asked for. Not additive.',
    median_response_days = 'Days from the survey to the answer within which half of the answers came. Not additive.',
    on_time_review_count = 'Reviews of orders that came by the promised day.',
    late_review_count = 'Reviews of orders that came after the promised day.',
    average_on_time_score = 'Mean score of the reviews of orders that came by the promised day; empty without any. Not additive.',
    average_late_score = 'Mean score of the reviews of orders that came late; empty without any. Not additive.',
    late_score_effect = 'Mean score of the reviews of late orders less that of orders in time, usually negative; empty where one of them is missing. Not additive.'
  )
);

SELECT
  source::TEXT AS source,
  channel::TEXT AS channel,
  month_start_date::DATE AS month_start_date,
  review_count::INT AS review_count,
  score_1_count::INT AS score_1_count,
  score_2_count::INT AS score_2_count,
  score_3_count::INT AS score_3_count,
  score_4_count::INT AS score_4_count,
  score_5_count::INT AS score_5_count,
  average_review_score::DECIMAL(9, 6) AS average_review_score,
  low_score_rate::DECIMAL(9, 6) AS low_score_rate,
  top_score_rate::DECIMAL(9, 6) AS top_score_rate,
  comment_rate::DECIMAL(9, 6) AS comment_rate,
  surveyed_review_count::INT AS surveyed_review_count,
  average_response_days::DECIMAL(12, 3) AS average_response_days,
  median_response_days::DECIMAL(12, 3) AS median_response_days,
  on_time_review_count::INT AS on_time_review_count,
  late_review_count::INT AS late_review_count,
  average_on_time_score::DECIMAL(9, 6) AS average_on_time_score,
  average_late_score::DECIMAL(9, 6) AS average_late_score,
  late_score_effect::DECIMAL(9, 6) AS late_score_effect
FROM mart.review_monthly
