MODEL (
  name stg.olist__to_review,
  kind EMBEDDED,
  owner analytics_engineering,
  grain (source, order_id, review_number),
  tags (staging, olist, mapping),
  description 'One row per answered survey of an order, numbered by the time of the answer: review_id is no key. The texts stay in staging.'
);

SELECT
  "order".source::TEXT AS source,
  "order".order_id::TEXT AS order_id,
  (
    ROW_NUMBER() OVER (
      PARTITION BY "order".order_date, "order".order_id
      ORDER BY review.answered_at, review.sent_date, review.review_id, review.score, review.source_file, review.row_number
    )
  )::INT AS review_number,
  "order".order_date::DATE AS order_date,
  "order".ordered_at::TIMESTAMPTZ AS ordered_at,
  NULL::TEXT AS customer_id,
  NULL::TEXT AS product_id, /* it is of the whole order */
  review.review_id::TEXT AS review_id,
  review.score::INT AS score,
  review.sent_date::DATE AS sent_date,
  review.answered_at::TIMESTAMPTZ AS answered_at,
  review.answered_date::DATE AS answered_date,
  (
    NOT review.message IS NULL
  )::BOOLEAN AS has_comment,
  COALESCE(LENGTH(review.message), 0)::INT AS comment_length
FROM stg.olist__to_order AS "order"
JOIN stg.olist__order_review AS review
  ON review.order_id = "order".order_id
WHERE
  review.quarantine_reason IS NULL
