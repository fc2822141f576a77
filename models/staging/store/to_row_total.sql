MODEL (
  name stg.store__to_row_total,
  kind EMBEDDED,
  owner analytics_engineering,
  grain (source, entity, event_date),
  tags (staging, store, mapping),
  description 'One row per entity and day: how many keys the raw rows name that are not held back. Only which rows are held back is taken from staging.'
);

WITH counted AS (
  SELECT
    'stock' AS entity,
    raw._event_date AS event_date,
    COUNT(DISTINCT (TRIM(raw.location_id), TRIM(raw.product_id))) AS row_count
  FROM raw_store.stock AS raw
  LEFT JOIN stg.store__judged_stock AS held
    ON held.snapshot_date = raw._event_date
    AND held.source_file = raw._source_file
    AND held.row_number = raw._row_number
    AND NOT held.rule_name IS NULL
  WHERE
    held.row_number IS NULL
  GROUP BY
    raw._event_date
  UNION ALL
  SELECT
    'shipment',
    raw._event_date,
    COUNT(DISTINCT TRIM(raw.shipment_id))
  FROM raw_store.shipment AS raw
  LEFT JOIN stg.store__judged_shipment AS held
    ON held.handed_over_date = raw._event_date
    AND held.source_file = raw._source_file
    AND held.row_number = raw._row_number
    AND NOT held.rule_name IS NULL
  WHERE
    held.row_number IS NULL
  GROUP BY
    raw._event_date
)
SELECT
  'store'::TEXT AS source,
  entity::TEXT AS entity,
  event_date::DATE AS event_date,
  row_count::BIGINT AS row_count
FROM counted
