MODEL (
  name stg.store__to_review,
  kind EMBEDDED,
  owner analytics_engineering,
  grain (source, order_id, review_number),
  tags (staging, store, mapping),
  description 'One row per rating of a product that was bought with an order or a receipt, numbered within it by the time of the rating.'
);

SELECT
  "order".source::TEXT AS source,
  "order".order_id::TEXT AS order_id,
  (
    ROW_NUMBER() OVER (
      PARTITION BY "order".order_date, "order".order_id
      ORDER BY rating.rated_at, rating.rating_id
    )
  )::INT AS review_number,
  "order".order_date::DATE AS order_date,
  "order".ordered_at::TIMESTAMPTZ AS ordered_at,
  rating.customer_id::TEXT AS customer_id,
  rating.product_id::TEXT AS product_id,
  rating.rating_id::TEXT AS review_id,
  rating.score::INT AS score,
  NULL::DATE AS sent_date,
  rating.rated_at::TIMESTAMPTZ AS answered_at,
  rating.rated_date::DATE AS answered_date,
  FALSE::BOOLEAN AS has_comment,
  0::INT AS comment_length
FROM stg.store__to_order AS "order"
JOIN stg.store__judged_rating AS rating
  ON rating.rated_order_id = "order".order_id
WHERE
  rating.rule_name IS NULL AND rating.copy_number = 1
