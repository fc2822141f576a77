MODEL (
  name stg.store__to_layer_count,
  kind EMBEDDED,
  owner analytics_engineering,
  grain (source, entity, event_date),
  tags (staging, store, mapping),
  description 'One row per entity and day: rows in raw, staged, held back, repeated, and superseded by a later state. Orders are receipts and documents of web orders; order lines those of receipts and, of each document, its lines, its shipping and its returned lines. Ratings stand on the day of their order; those without an order have no day and are not here.'
);

WITH raw_web_order AS (
  SELECT
    _event_date,
    CASE
      WHEN lines LIKE '[%'
      THEN REGEXP_COUNT(lines, '"line_number"') + REGEXP_COUNT(lines, '"returned_quantity" *: *"?0*[1-9]')
      ELSE 0
    END + CASE WHEN @CAST_OR_NULL(shipping_fee, 'numeric') > 0 THEN 1 ELSE 0 END AS line_count
  FROM raw_store.web_order
), web_order AS (
  SELECT
    document.order_date,
    NOT document.rule_name IS NULL AS is_held,
    document.rule_name IS NULL AND document.copy_number > 1 AS is_repeated,
    document.rule_name IS NULL AND document.copy_number = 1 AND document.is_superseded AS is_superseded,
    line.line_count + CASE WHEN document.shipping_amount > 0 THEN 1 ELSE 0 END AS line_count
  FROM stg.store__judged_web_order AS document
  CROSS JOIN LATERAL (
    SELECT
      COUNT(*) FILTER(WHERE
        NOT element.content -> 'line_number' IS NULL) + COUNT(*) FILTER(WHERE
        @CAST_OR_NULL(element.content ->> 'returned_quantity', 'integer') > 0) AS line_count
    FROM JSONB_ARRAY_ELEMENTS(document.lines) AS element(content)
  ) AS line
), rating AS (
  SELECT
    "order".order_date,
    judged.rule_name,
    judged.copy_number
  FROM stg.store__to_order AS "order"
  JOIN stg.store__judged_rating AS judged
    ON judged.rated_order_id = "order".order_id
), raw_rating AS (
  SELECT
    "order".order_date
  FROM stg.store__to_order AS "order"
  JOIN raw_store.rating AS raw
    ON raw.order_id = "order".order_id
  WHERE
    "order".channel = 'web'
  UNION ALL
  SELECT
    "order".order_date
  FROM stg.store__to_order AS "order"
  JOIN raw_store.rating AS raw
    ON raw.receipt_id = "order".order_id
  WHERE
    "order".channel = 'store'
), counted AS (
  SELECT
    'order' AS entity,
    _event_date AS event_date,
    COUNT(DISTINCT NULLIF(TRIM(receipt_id), '')) AS raw_count,
    0 AS staged_count,
    0 AS quarantined_count,
    0 AS repeated_count,
    0 AS superseded_count
  FROM raw_store.pos_line
  GROUP BY
    _event_date
  UNION ALL
  SELECT
    'order',
    _event_date,
    COUNT(*),
    0,
    0,
    0,
    0
  FROM raw_web_order
  GROUP BY
    _event_date
  UNION ALL
  SELECT
    'order_line',
    _event_date,
    COUNT(*),
    0,
    0,
    0,
    0
  FROM raw_store.pos_line
  GROUP BY
    _event_date
  UNION ALL
  SELECT
    'order_line',
    _event_date,
    SUM(line_count),
    0,
    0,
    0,
    0
  FROM raw_web_order
  GROUP BY
    _event_date
  UNION ALL
  SELECT
    'stock',
    _event_date,
    COUNT(*),
    0,
    0,
    0,
    0
  FROM raw_store.stock
  GROUP BY
    _event_date
  UNION ALL
  SELECT
    'shipment',
    _event_date,
    COUNT(*),
    0,
    0,
    0,
    0
  FROM raw_store.shipment
  GROUP BY
    _event_date
  UNION ALL
  SELECT
    'review',
    order_date,
    COUNT(*),
    0,
    0,
    0,
    0
  FROM raw_rating
  GROUP BY
    order_date
  UNION ALL
  SELECT
    'order',
    order_date,
    0,
    COUNT(DISTINCT receipt_id),
    COUNT(DISTINCT receipt_id) - COUNT(DISTINCT receipt_id) FILTER(WHERE
      rule_name IS NULL),
    0,
    0
  FROM stg.store__judged_pos_line
  GROUP BY
    order_date
  UNION ALL
  SELECT
    'order_line',
    order_date,
    0,
    COUNT(*),
    COUNT(rule_name),
    COUNT(*) FILTER(WHERE
      rule_name IS NULL AND copy_number > 1),
    0
  FROM stg.store__judged_pos_line
  GROUP BY
    order_date
  UNION ALL
  SELECT
    'order',
    order_date,
    0,
    COUNT(*),
    COUNT(*) FILTER(WHERE
      is_held),
    COUNT(*) FILTER(WHERE
      is_repeated),
    COUNT(*) FILTER(WHERE
      is_superseded)
  FROM web_order
  GROUP BY
    order_date
  UNION ALL
  SELECT
    'order_line',
    order_date,
    0,
    SUM(line_count),
    COALESCE(SUM(line_count) FILTER(WHERE
      is_held), 0),
    COALESCE(SUM(line_count) FILTER(WHERE
      is_repeated), 0),
    COALESCE(SUM(line_count) FILTER(WHERE
      is_superseded), 0)
  FROM web_order
  GROUP BY
    order_date
  UNION ALL
  SELECT
    'stock',
    snapshot_date,
    0,
    COUNT(*),
    COUNT(rule_name),
    COUNT(*) FILTER(WHERE
      rule_name IS NULL AND copy_number > 1),
    0
  FROM stg.store__judged_stock
  GROUP BY
    snapshot_date
  UNION ALL
  SELECT
    'shipment',
    handed_over_date,
    0,
    COUNT(*),
    COUNT(rule_name),
    COUNT(*) FILTER(WHERE
      rule_name IS NULL AND copy_number > 1),
    COUNT(*) FILTER(WHERE
      rule_name IS NULL AND copy_number = 1 AND is_superseded)
  FROM stg.store__judged_shipment
  GROUP BY
    handed_over_date
  UNION ALL
  SELECT
    'review',
    order_date,
    0,
    COUNT(*),
    COUNT(rule_name),
    COUNT(*) FILTER(WHERE
      rule_name IS NULL AND copy_number > 1),
    0
  FROM rating
  GROUP BY
    order_date
)
SELECT
  'store'::TEXT AS source,
  entity::TEXT AS entity,
  event_date::DATE AS event_date,
  SUM(raw_count)::BIGINT AS raw_count,
  SUM(staged_count)::BIGINT AS staged_count,
  SUM(quarantined_count)::BIGINT AS quarantined_count,
  SUM(repeated_count)::BIGINT AS repeated_count,
  SUM(superseded_count)::BIGINT AS superseded_count
FROM counted
GROUP BY
  entity,
  event_date
