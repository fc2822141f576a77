MODEL (
  name stg.store__to_reference,
  kind EMBEDDED,
  owner analytics_engineering,
  grain (source, table_name, source_file, row_number, parent_table, parent_id),
  tags (staging, store, mapping),
  description 'One row per accepted row that may have come before its customer or product, with the file that brought that one. What never waited is left out; so are parcels and ratings that waited for their order, whose healing is not told.'
);

WITH child_load AS MATERIALIZED (
  /* For each day, when first a row of that day or a later one came that refers to customers or products.
     Stored: Postgres would work it out again for each day that is asked for, or for each customer. */
  SELECT
    touched.event_date,
    MIN(MIN(load.finished_at)) OVER (ORDER BY touched.event_date ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) AS first_at
  FROM ingest."load" AS load
  CROSS JOIN LATERAL UNNEST(load.event_dates) AS touched(event_date)
  WHERE
    load.source = 'store'
    AND load.status = 'loaded'
    AND load.table_name IN ('pos_line', 'web_order', 'stock', 'rating')
  GROUP BY
    touched.event_date
), file AS (
  SELECT
    table_name,
    file,
    MIN(finished_at) AS first_at
  FROM ingest."load"
  WHERE
    source = 'store'
    AND status = 'loaded'
    AND table_name IN ('customer_feed', 'product_feed')
  GROUP BY
    table_name,
    file
), event AS (
  SELECT
    'customer_feed' AS parent_table,
    source_file,
    event_date,
    customer_id AS parent_id
  FROM stg.store__customer_feed
  WHERE
    quarantine_reason IS NULL
  UNION ALL
  SELECT
    'product_feed',
    source_file,
    event_date,
    product_id
  FROM stg.store__product_feed
  WHERE
    quarantine_reason IS NULL
), brought_again AS (
  SELECT
    key.table_name,
    key.key_hash,
    MAX(load.finished_at) AS arrived_at
  FROM ingest.arrived_key AS key
  JOIN ingest."load" AS load
    ON load.load_id = key.load_id
  WHERE
    key.source = 'store' AND load.status = 'loaded'
  GROUP BY
    key.table_name,
    key.key_hash
), parent AS (
  SELECT
    event.parent_table,
    event.parent_id,
    MIN(event.event_date) AS known_from,
    MIN(COALESCE(brought_again.arrived_at, file.first_at)) AS arrived_at,
    (
      ARRAY_AGG(
        event.source_file ORDER BY COALESCE(brought_again.arrived_at, file.first_at), event.source_file
      )
    )[1] AS parent_file
  FROM event
  JOIN file
    ON file.table_name = event.parent_table AND file.file = event.source_file
  LEFT JOIN brought_again
    ON brought_again.table_name = event.parent_table
    AND brought_again.key_hash = HASHTEXTEXTENDED(event.parent_id, 0)
  GROUP BY
    event.parent_table,
    event.parent_id
), first_day AS MATERIALIZED (
  SELECT
    asked.known_from,
    (
      SELECT
        child_load.first_at
      FROM child_load
      WHERE
        child_load.event_date >= asked.known_from
      ORDER BY
        child_load.event_date
      LIMIT 1
    ) AS child_first_at
  FROM (
    SELECT DISTINCT
      known_from
    FROM parent
  ) AS asked
), late_parent AS MATERIALIZED (
  SELECT
    parent.*,
    parent.arrived_at::DATE AS arrived_on
  FROM parent
  JOIN first_day
    ON first_day.known_from = parent.known_from
  WHERE
    parent.arrived_at > first_day.child_first_at
), span AS MATERIALIZED (
  SELECT
    MIN(known_from) AS from_date,
    MAX(arrived_on) AS to_date
  FROM late_parent
), child AS (
  SELECT
    'pos_line' AS table_name,
    line.source_file,
    line.row_number,
    line.order_date AS event_date,
    parent.parent_table,
    parent.parent_id
  FROM stg.store__judged_pos_line AS line
  CROSS JOIN LATERAL (
    VALUES
      ('customer_feed', line.customer_id),
      ('product_feed', line.product_id)
  ) AS parent(parent_table, parent_id)
  WHERE
    line.rule_name IS NULL
    AND line.order_date BETWEEN (
      SELECT
        from_date
      FROM span
    ) AND (
      SELECT
        to_date
      FROM span
    )
  UNION ALL
  SELECT
    'web_order',
    document.source_file,
    document.row_number,
    document.order_date,
    parent.parent_table,
    parent.parent_id
  FROM stg.store__judged_web_order AS document
  CROSS JOIN LATERAL (
    SELECT
      'customer_feed' AS parent_table,
      document.customer_id AS parent_id
    UNION ALL
    SELECT
      'product_feed',
      element.content ->> 'product_id'
    FROM JSONB_ARRAY_ELEMENTS(document.lines) AS element(content)
  ) AS parent
  WHERE
    document.rule_name IS NULL
    AND document.order_date BETWEEN (
      SELECT
        from_date
      FROM span
    ) AND (
      SELECT
        to_date
      FROM span
    )
  UNION ALL
  SELECT
    'stock',
    source_file,
    row_number,
    snapshot_date,
    'product_feed',
    product_id
  FROM stg.store__judged_stock
  WHERE
    rule_name IS NULL
    AND snapshot_date BETWEEN (
      SELECT
        from_date
      FROM span
    ) AND (
      SELECT
        to_date
      FROM span
    )
  UNION ALL
  SELECT
    'rating',
    rating.source_file,
    rating.row_number,
    rating.rated_date,
    parent.parent_table,
    parent.parent_id
  FROM stg.store__judged_rating AS rating
  CROSS JOIN LATERAL (
    VALUES
      ('customer_feed', rating.customer_id),
      ('product_feed', rating.product_id)
  ) AS parent(parent_table, parent_id)
  WHERE
    rating.rule_name IS NULL
    AND rating.rated_date BETWEEN (
      SELECT
        from_date
      FROM span
    ) AND (
      SELECT
        to_date
      FROM span
    )
)
SELECT
  'store'::TEXT AS source,
  child.table_name::TEXT AS table_name,
  child.source_file::TEXT AS source_file,
  child.row_number::BIGINT AS row_number,
  child.event_date::DATE AS event_date,
  late_parent.parent_table::TEXT AS parent_table,
  late_parent.parent_file::TEXT AS parent_file,
  late_parent.parent_id::TEXT AS parent_id
FROM child
JOIN late_parent
  ON late_parent.parent_table = child.parent_table
  AND late_parent.parent_id = child.parent_id
