MODEL (
  name mart.review_category,
  kind FULL,
  owner analytics_engineering,
  grain (source, category),
  tags (mart, reviews),
  audits (
    not_null(columns := (source, category, review_count, shrunk_review_score)),
    unique_combination_of_columns(columns := (source, category)),
    totals_match(
      columns := (source, category),
      measures := (review_count, score_1_count, score_5_count),
      parent := (
        SELECT DISTINCT
          review.review_key,
          review.source,
          review.score,
          COALESCE(product.category, 'unknown') AS category
        FROM core.fct_review AS review
        LEFT JOIN core.fct_order_line AS line
          ON line.order_key = review.order_key
          AND review.product_key = @UNKNOWN_KEY()
          AND line.line_kind = 'product'
          AND NOT line.is_return
        JOIN core.dim_product AS product
          ON product.product_key = COALESCE(line.product_key, NULLIF(review.product_key, @UNKNOWN_KEY()))
      ),
      parent_columns := (source, category),
      parent_measures := (1, CASE WHEN score = 1 THEN 1 ELSE 0 END, CASE WHEN score = 5 THEN 1 ELSE 0 END)
    )
  ),
  description 'One row per source and category of what is reviewed. A review of a whole order counts once for each category in it: never add over categories. Answers: which goods disappoint.',
  column_descriptions (
    source = 'The shop.',
    category = 'Category of the product as of the order; unknown where the source tells none.',
    review_count = 'Reviews of orders or of products in them. Adds up over time, channel, store, place and customer.',
    score_1_count = 'Reviews with score 1, the worst.',
    score_2_count = 'Reviews with score 2.',
    score_3_count = 'Reviews with score 3.',
    score_4_count = 'Reviews with score 4.',
    score_5_count = 'Reviews with score 5, the best.',
    average_review_score = 'Mean score of the reviews, 1 (worst) to 5. Not additive.',
    shrunk_review_score = 'Mean score after review_prior_weight (config.yaml) reviews at the source''s mean until the end of the row''s period are added, so that a few reviews prove little. Not additive.',
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

WITH bought AS (
  SELECT DISTINCT
    line.order_key,
    line.order_date,
    COALESCE(product.category, 'unknown') AS category
  FROM core.fct_order_line AS line
  JOIN core.dim_product AS product
    ON product.product_key = line.product_key
  WHERE
    line.line_kind = 'product' AND NOT line.is_return
), about AS (
  SELECT
    review.review_key,
    COALESCE(product.category, 'unknown') AS category
  FROM core.fct_review AS review
  JOIN core.dim_product AS product
    ON product.product_key = review.product_key
  WHERE
    review.product_key <> @UNKNOWN_KEY()
  UNION ALL
  SELECT
    review.review_key,
    bought.category
  FROM core.fct_review AS review
  JOIN bought
    ON bought.order_key = review.order_key AND bought.order_date = review.order_date
  WHERE
    review.product_key = @UNKNOWN_KEY()
)
SELECT
  review.source::TEXT AS source,
  about.category::TEXT AS category,
  @REVIEW_MEASURES(),
  @SHRUNK_MEAN(
    SUM(review.score),
    COUNT(*),
    SUM(SUM(review.score)) OVER by_source / SUM(COUNT(*)) OVER by_source,
    @VAR('review_prior_weight')
  )::DECIMAL(9, 6) AS shrunk_review_score
FROM about
JOIN core.fct_review AS review
  ON review.review_key = about.review_key
JOIN core.fct_order AS placed
  ON placed.order_key = review.order_key AND placed.order_date = review.order_date
GROUP BY
  review.source,
  about.category
WINDOW by_source AS (PARTITION BY review.source)
