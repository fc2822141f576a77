MODEL (
  name stg.olist__to_layer_count,
  kind EMBEDDED,
  owner analytics_engineering,
  grain (source, entity, event_date),
  tags (staging, olist, mapping),
  description 'One row per entity and day: rows in raw, staged, held back, and repeated. Items, payments and reviews stand on the day of their order; those without an order have no day and are not here.'
);

WITH raw_order AS (
  SELECT DISTINCT
    _event_date,
    TRIM(order_id) AS order_id
  FROM raw_olist."order"
), placed AS (
  SELECT
    order_date,
    order_id,
    BOOL_OR(quarantine_reason IS NULL AND copy_number = 1) AS is_accepted
  FROM stg.olist__order
  GROUP BY
    order_date,
    order_id
), child AS (
  SELECT
    'order_line' AS entity,
    order_id,
    item_number::TEXT AS number_in_order,
    quarantine_reason
  FROM stg.olist__order_item
  UNION ALL
  SELECT
    'payment',
    order_id,
    payment_number::TEXT,
    quarantine_reason
  FROM stg.olist__order_payment
  UNION ALL
  SELECT
    'review',
    order_id,
    source_file || ':' || row_number,
    quarantine_reason
  FROM stg.olist__order_review
), judged AS (
  SELECT
    child.entity,
    placed.order_date,
    placed.order_id,
    child.number_in_order,
    placed.is_accepted AND child.quarantine_reason IS NULL AS is_accepted
  FROM placed
  JOIN child
    ON child.order_id = placed.order_id
), counted AS (
  SELECT
    'order' AS entity,
    _event_date AS event_date,
    COUNT(*) AS raw_count,
    0 AS staged_count,
    0 AS quarantined_count,
    0 AS repeated_count
  FROM raw_olist."order"
  GROUP BY
    _event_date
  UNION ALL
  SELECT
    'order_line',
    raw_order._event_date,
    COUNT(*),
    0,
    0,
    0
  FROM raw_order
  JOIN raw_olist.order_item AS item
    ON item.order_id = raw_order.order_id
  GROUP BY
    raw_order._event_date
  UNION ALL
  SELECT
    'payment',
    raw_order._event_date,
    COUNT(*),
    0,
    0,
    0
  FROM raw_order
  JOIN raw_olist.order_payment AS payment
    ON payment.order_id = raw_order.order_id
  GROUP BY
    raw_order._event_date
  UNION ALL
  SELECT
    'review',
    raw_order._event_date,
    COUNT(*),
    0,
    0,
    0
  FROM raw_order
  JOIN raw_olist.order_review AS review
    ON review.order_id = raw_order.order_id
  GROUP BY
    raw_order._event_date
  UNION ALL
  SELECT
    'order',
    order_date,
    0,
    COUNT(*),
    COUNT(quarantine_reason),
    COUNT(*) FILTER(WHERE
      quarantine_reason IS NULL AND copy_number > 1)
  FROM stg.olist__order
  GROUP BY
    order_date
  UNION ALL
  SELECT
    entity,
    order_date,
    0,
    COUNT(*),
    COUNT(*) FILTER(WHERE
      NOT is_accepted),
    COUNT(*) FILTER(WHERE
      is_accepted) - COUNT(DISTINCT (order_id, number_in_order)) FILTER(WHERE
      is_accepted)
  FROM judged
  GROUP BY
    entity,
    order_date
)
SELECT
  'olist'::TEXT AS source,
  entity::TEXT AS entity,
  event_date::DATE AS event_date,
  SUM(raw_count)::BIGINT AS raw_count,
  SUM(staged_count)::BIGINT AS staged_count,
  SUM(quarantined_count)::BIGINT AS quarantined_count,
  SUM(repeated_count)::BIGINT AS repeated_count,
  0::BIGINT AS superseded_count /* every row stands for itself */
FROM counted
GROUP BY
  entity,
  event_date
