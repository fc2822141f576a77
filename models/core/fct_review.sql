MODEL (
  name core.fct_review,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column order_date
  ),
  owner analytics_engineering,
  grain review_key,
  references (order_key, customer_key, product_key),
  depends_on (
    conformed.control_total
  ),
  tags (core, fact),
  audits (
    not_null(columns := (review_key, order_key, order_date, customer_key, product_key, score)),
    unique_values(columns := (
      review_key
    )),
    references_exist(key := order_key, parent := core.fct_order),
    references_exist(key := customer_key, parent := core.dim_customer),
    references_exist(key := product_key, parent := core.dim_product),
    reviews_match_control_total
  ),
  description 'One row per review of an order or of a product in it, on the date of the order. Scores and days are averaged, never added.',
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

WITH review AS (
  SELECT
    *
  FROM conformed.review
  WHERE
    order_date BETWEEN @start_date AND @end_date
)
SELECT
  @SURROGATE_KEY(review.source, review.order_id, review.review_number)::UUID AS review_key,
  "order".order_key::UUID AS order_key,
  COALESCE(customer.customer_key, "order".customer_key)::UUID AS customer_key,
  COALESCE(product.product_key, @UNKNOWN_KEY())::UUID AS product_key,
  review.source::TEXT AS source,
  review.order_id::TEXT AS order_id,
  review.customer_id::TEXT AS customer_id,
  review.product_id::TEXT AS product_id,
  review.review_number::INT AS review_number,
  review.review_id::TEXT AS review_id,
  review.order_date::DATE AS order_date,
  review.ordered_at::TIMESTAMPTZ AS ordered_at,
  review.score::INT AS score,
  review.sent_date::DATE AS sent_date,
  review.answered_at::TIMESTAMPTZ AS answered_at,
  review.answered_date::DATE AS answered_date,
  (
    review.answered_date - review.sent_date
  )::INT AS response_days,
  review.has_comment::BOOLEAN AS has_comment,
  review.comment_length::INT AS comment_length
FROM review
LEFT JOIN core.fct_order AS "order"
  ON "order".order_key = @SURROGATE_KEY(review.source, review.order_id)
  AND "order".order_date = review.order_date
LEFT JOIN core.dim_customer AS customer
  ON customer.source = review.source
  AND customer.customer_id = review.customer_id
  AND review.ordered_at >= customer.valid_from_at
  AND review.ordered_at < customer.valid_to_at
LEFT JOIN core.dim_product AS product
  ON product.source = review.source
  AND product.product_id = review.product_id
  AND review.ordered_at >= product.valid_from_at
  AND review.ordered_at < product.valid_to_at;

@INDEX_ON(order_date);

@INDEX_ON_ROWS(customer_key = @UNKNOWN_KEY() AND NOT customer_id IS NULL, order_date);

@INDEX_ON_ROWS(product_key = @UNKNOWN_KEY() AND NOT product_id IS NULL, order_date)
