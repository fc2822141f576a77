MODEL (
  name stg.olist__to_quarantined_row,
  kind EMBEDDED,
  owner analytics_engineering,
  grain (source, table_name, source_file, row_number),
  tags (staging, olist, mapping),
  description 'One row per raw row that cannot be used, with the reason. Items, payments and reviews whose order is unknown stand here until it comes.'
);

WITH accepted_order AS (
  SELECT
    order_id,
    MIN(order_date) AS order_date
  FROM stg.olist__order
  WHERE
    quarantine_reason IS NULL
  GROUP BY
    order_id
), judged AS (
  SELECT
    'order' AS table_name,
    source_file,
    row_number,
    order_date AS event_date,
    quarantine_reason
  FROM stg.olist__order
  UNION ALL
  SELECT
    'order_item',
    item.source_file,
    item.row_number,
    accepted_order.order_date,
    COALESCE(
      item.quarantine_reason,
      CASE
        WHEN accepted_order.order_id IS NULL
        THEN 'order_id ''' || item.order_id || ''' is no accepted order'
      END
    )
  FROM stg.olist__order_item AS item
  LEFT JOIN accepted_order
    ON accepted_order.order_id = item.order_id
  UNION ALL
  SELECT
    'order_payment',
    payment.source_file,
    payment.row_number,
    accepted_order.order_date,
    COALESCE(
      payment.quarantine_reason,
      CASE
        WHEN accepted_order.order_id IS NULL
        THEN 'order_id ''' || payment.order_id || ''' is no accepted order'
      END
    )
  FROM stg.olist__order_payment AS payment
  LEFT JOIN accepted_order
    ON accepted_order.order_id = payment.order_id
  UNION ALL
  SELECT
    'order_review',
    review.source_file,
    review.row_number,
    accepted_order.order_date,
    COALESCE(
      review.quarantine_reason,
      CASE
        WHEN accepted_order.order_id IS NULL
        THEN 'order_id ''' || review.order_id || ''' is no accepted order'
      END
    )
  FROM stg.olist__order_review AS review
  LEFT JOIN accepted_order
    ON accepted_order.order_id = review.order_id
  UNION ALL
  SELECT
    'customer',
    source_file,
    row_number,
    NULL,
    quarantine_reason
  FROM stg.olist__customer
  UNION ALL
  SELECT
    'product',
    source_file,
    row_number,
    NULL,
    quarantine_reason
  FROM stg.olist__product
  UNION ALL
  SELECT
    'seller',
    source_file,
    row_number,
    NULL,
    quarantine_reason
  FROM stg.olist__seller
  UNION ALL
  SELECT
    'geolocation',
    source_file,
    row_number,
    NULL,
    quarantine_reason
  FROM stg.olist__geolocation
  UNION ALL
  SELECT
    'category_translation',
    source_file,
    row_number,
    NULL,
    quarantine_reason
  FROM stg.olist__category_translation
)
SELECT
  'olist'::TEXT AS source,
  table_name::TEXT AS table_name,
  source_file::TEXT AS source_file,
  row_number::BIGINT AS row_number,
  event_date::DATE AS event_date,
  CASE
    WHEN quarantine_reason LIKE '% is no accepted order'
    THEN 'orphan_reference'
    ELSE @QUARANTINE_RULE(quarantine_reason)
  END::TEXT AS rule_name,
  quarantine_reason::TEXT AS reason
FROM judged
WHERE
  NOT quarantine_reason IS NULL
