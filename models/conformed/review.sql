MODEL (
  name conformed.review,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column order_date
  ),
  owner analytics_engineering,
  grain (source, order_id, review_number),
  depends_on (
    conformed.control_total
  ),
  tags (
    conformed
  ),
  audits (
    not_null(columns := (source, order_id, review_number, order_date, score)),
    unique_combination_of_columns(columns := (source, order_id, review_number)),
    accepted_range(column := score, min_v := 1, max_v := 5),
    reviews_match_control_total
  ),
  description 'One row per source, order and review of it or of a product in it, on the date of the order. Scores are averaged, never added.'
);

SELECT
  source::TEXT AS source,
  order_id::TEXT AS order_id,
  review_number::INT AS review_number,
  order_date::DATE AS order_date,
  ordered_at::TIMESTAMPTZ AS ordered_at,
  customer_id::TEXT AS customer_id, /* who rated; NULL where only the order says it */
  product_id::TEXT AS product_id, /* NULL where the review is of the whole order */
  review_id::TEXT AS review_id,
  score::INT AS score,
  sent_date::DATE AS sent_date,
  answered_at::TIMESTAMPTZ AS answered_at,
  answered_date::DATE AS answered_date,
  has_comment::BOOLEAN AS has_comment,
  comment_length::INT AS comment_length
FROM (
  @UNION_SOURCES(
    review,
    source,
    order_id,
    review_number,
    order_date,
    ordered_at,
    customer_id,
    product_id,
    review_id,
    score,
    sent_date,
    answered_at,
    answered_date,
    has_comment,
    comment_length
  )
) AS sourced
WHERE
  order_date BETWEEN @start_date AND @end_date;

@INDEX_ON(order_date)
