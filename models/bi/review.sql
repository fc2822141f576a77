MODEL (
  name bi.review,
  kind VIEW,
  owner analytics_engineering,
  grain review_key,
  tags (
    bi
  ),
  grants (
    "select" = ARRAY['bi_reader']
  ),
  description 'One row per review of an order or of a product in it. Scores and days are averaged, never added.',
  column_descriptions (
    review_key = 'Surrogate key: hash of source, order and review number.',
    order_key = 'The order, in core.fct_order.',
    customer_key = 'The customer as of the order: who rated, where the source says it, or else who ordered.',
    product_key = 'The product as of the order; Unknown where the review is of the whole order.',
    source = 'The shop.',
    order_id = 'The order''s natural key in its source.',
    customer_id = 'Natural key of who rated; empty where only the order says it.',
    product_id = 'Natural key of the product that is rated; empty where the review is of the whole order.',
    review_number = 'Number of the review within the order, by the time of the answer.',
    review_id = 'Natural key of the survey or rating; for surveys empty in places, shared by several orders in others.',
    order_date = 'Business date of the order in the shop''s own time zone; the time column.',
    ordered_at = 'The instant of the order.',
    score = 'Score, 1 (worst) to 5. Not additive.',
    sent_date = 'The day on which the survey was sent; empty where nobody was asked.',
    answered_at = 'When it was answered.',
    answered_date = 'The day of it in the shop''s own time zone.',
    response_days = 'Days from the survey to the answer. Not additive.',
    has_comment = 'The answer has a comment. Its text stays in staging.',
    comment_length = 'Letters of the comment.'
  )
);

SELECT
  review_key::UUID AS review_key,
  order_key::UUID AS order_key,
  customer_key::UUID AS customer_key,
  product_key::UUID AS product_key,
  source::TEXT AS source,
  order_id::TEXT AS order_id,
  customer_id::TEXT AS customer_id,
  product_id::TEXT AS product_id,
  review_number::INT AS review_number,
  review_id::TEXT AS review_id,
  order_date::DATE AS order_date,
  ordered_at::TIMESTAMPTZ AS ordered_at,
  score::INT AS score,
  sent_date::DATE AS sent_date,
  answered_at::TIMESTAMPTZ AS answered_at,
  answered_date::DATE AS answered_date,
  response_days::INT AS response_days,
  has_comment::BOOLEAN AS has_comment,
  comment_length::INT AS comment_length
FROM core.fct_review
