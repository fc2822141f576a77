MODEL (
  name mart.review_monthly,
  kind FULL,
  owner analytics_engineering,
  grain (source, channel, month_start_date),
  tags (mart, reviews),
  audits (
    not_null(columns := (source, channel, month_start_date, review_count)),
    unique_combination_of_columns(columns := (source, channel, month_start_date)),
    totals_match(
      columns := (source, month_start_date),
      measures := (review_count, score_1_count, score_5_count),
      parent := core.fct_review,
      parent_columns := (source, DATE_TRUNC('MONTH', order_date)::DATE),
      parent_measures := (1, CASE WHEN score = 1 THEN 1 ELSE 0 END, CASE WHEN score = 5 THEN 1 ELSE 0 END)
    )
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
  review.source::TEXT AS source,
  placed.channel::TEXT AS channel,
  DATE_TRUNC('MONTH', review.order_date)::DATE AS month_start_date,
  @REVIEW_MEASURES()
FROM core.fct_review AS review
JOIN core.fct_order AS placed
  ON placed.order_key = review.order_key AND placed.order_date = review.order_date
GROUP BY
  review.source,
  placed.channel,
  DATE_TRUNC('MONTH', review.order_date)::DATE
