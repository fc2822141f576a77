MODEL (
  name stg.store__to_layer_count,
  kind EMBEDDED,
  owner analytics_engineering,
  grain (source, entity, event_date),
  tags (staging, store, mapping),
  description 'One row per entity and day: rows in raw, staged, held back, repeated, and superseded by a later state. Orders are receipts and documents of web orders; order lines those of receipts and, of each document, its lines, its shipping and its returned lines. Ratings stand on the day of their order; those without an order have no day and are not here.'
);

/* Each table is read once, so that a day reaches its index: Postgres stores what is read twice, all days of it. */
WITH raw_receipt_day AS (
  SELECT
    _event_date AS event_date,
    COUNT(DISTINCT NULLIF(TRIM(receipt_id), '')) AS order_count,
    COUNT(*) AS line_count
  FROM raw_store.pos_line
  GROUP BY
    _event_date
), raw_web_day AS (
  SELECT
    _event_date AS event_date,
    COUNT(*) AS order_count,
    SUM(
      CASE
        WHEN lines LIKE '[%'
        THEN REGEXP_COUNT(lines, '"line_number"') + REGEXP_COUNT(lines, '"returned_quantity" *: *"?0*[1-9]')
        ELSE 0
      END + CASE WHEN @CAST_OR_NULL(shipping_fee, 'numeric') > 0 THEN 1 ELSE 0 END
    ) AS line_count
  FROM raw_store.web_order
  GROUP BY
    _event_date
), receipt_day AS (
  SELECT
    order_date AS event_date,
    COUNT(DISTINCT receipt_id) AS order_count,
    COUNT(DISTINCT receipt_id) FILTER(WHERE
      rule_name IS NULL) AS accepted_order_count,
    COUNT(*) AS line_count,
    COUNT(rule_name) AS held_line_count,
    COUNT(*) FILTER(WHERE
      rule_name IS NULL AND copy_number > 1) AS repeated_line_count
  FROM stg.store__judged_pos_line
  GROUP BY
    order_date
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
), web_day AS (
  SELECT
    order_date AS event_date,
    COUNT(*) AS order_count,
    COUNT(*) FILTER(WHERE
      is_held) AS held_order_count,
    COUNT(*) FILTER(WHERE
      is_repeated) AS repeated_order_count,
    COUNT(*) FILTER(WHERE
      is_superseded) AS superseded_order_count,
    SUM(line_count) AS line_count,
    COALESCE(SUM(line_count) FILTER(WHERE
      is_held), 0) AS held_line_count,
    COALESCE(SUM(line_count) FILTER(WHERE
      is_repeated), 0) AS repeated_line_count,
    COALESCE(SUM(line_count) FILTER(WHERE
      is_superseded), 0) AS superseded_line_count
  FROM web_order
  GROUP BY
    order_date
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
    counted.entity,
    raw_receipt_day.event_date,
    counted.row_count AS raw_count,
    0 AS staged_count,
    0 AS quarantined_count,
    0 AS repeated_count,
    0 AS superseded_count
  FROM raw_receipt_day
  CROSS JOIN LATERAL (
    VALUES
      ('order', order_count),
      ('order_line', line_count)
  ) AS counted(entity, row_count)
  UNION ALL
  SELECT
    counted.entity,
    raw_web_day.event_date,
    counted.row_count,
    0,
    0,
    0,
    0
  FROM raw_web_day
  CROSS JOIN LATERAL (
    VALUES
      ('order', order_count),
      ('order_line', line_count)
  ) AS counted(entity, row_count)
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
    counted.entity,
    receipt_day.event_date,
    0,
    counted.staged_count,
    counted.quarantined_count,
    counted.repeated_count,
    0
  FROM receipt_day
  CROSS JOIN LATERAL (
    VALUES
      ('order', order_count, order_count - accepted_order_count, 0),
      ('order_line', line_count, held_line_count, repeated_line_count)
  ) AS counted(entity, staged_count, quarantined_count, repeated_count)
  UNION ALL
  SELECT
    counted.entity,
    web_day.event_date,
    0,
    counted.staged_count,
    counted.quarantined_count,
    counted.repeated_count,
    counted.superseded_count
  FROM web_day
  CROSS JOIN LATERAL (
    VALUES
      (
        'order',
        order_count,
        held_order_count,
        repeated_order_count,
        superseded_order_count
      ),
      (
        'order_line',
        line_count,
        held_line_count,
        repeated_line_count,
        superseded_line_count
      )
  ) AS counted(entity, staged_count, quarantined_count, repeated_count, superseded_count)
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
