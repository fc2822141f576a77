MODEL (
  name stg.store__to_quarantined_row,
  kind EMBEDDED,
  owner analytics_engineering,
  grain (source, table_name, source_file, row_number),
  tags (staging, store, mapping),
  description 'One row per raw row that cannot be used, with the reason. A row that belongs to one that is unknown stands here until that one comes and its day is computed again.'
);

WITH judged AS (
  SELECT
    'pos_line' AS table_name,
    source_file,
    row_number,
    order_date AS event_date,
    rule_name,
    reason
  FROM stg.store__judged_pos_line
  UNION ALL
  SELECT
    'web_order',
    source_file,
    row_number,
    order_date,
    rule_name,
    reason
  FROM stg.store__judged_web_order
  UNION ALL
  SELECT
    'shipment',
    source_file,
    row_number,
    handed_over_date,
    rule_name,
    reason
  FROM stg.store__judged_shipment
  UNION ALL
  SELECT
    'stock',
    source_file,
    row_number,
    snapshot_date,
    rule_name,
    reason
  FROM stg.store__judged_stock
  UNION ALL
  SELECT
    'rating',
    source_file,
    row_number,
    rated_date,
    rule_name,
    reason
  FROM stg.store__judged_rating
  UNION ALL
  SELECT
    'product_feed',
    source_file,
    row_number,
    event_date,
    @QUARANTINE_RULE(quarantine_reason),
    quarantine_reason
  FROM stg.store__product_feed
  WHERE
    NOT quarantine_reason IS NULL
  UNION ALL
  SELECT
    'customer_feed',
    source_file,
    row_number,
    event_date,
    @QUARANTINE_RULE(quarantine_reason),
    quarantine_reason
  FROM stg.store__customer_feed
  WHERE
    NOT quarantine_reason IS NULL
  UNION ALL
  SELECT
    'store',
    source_file,
    row_number,
    NULL,
    @QUARANTINE_RULE(quarantine_reason),
    quarantine_reason
  FROM stg.store__store
  WHERE
    NOT quarantine_reason IS NULL
  UNION ALL
  SELECT
    'warehouse',
    source_file,
    row_number,
    NULL,
    @QUARANTINE_RULE(quarantine_reason),
    quarantine_reason
  FROM stg.store__warehouse
  WHERE
    NOT quarantine_reason IS NULL
)
SELECT
  'store'::TEXT AS source,
  table_name::TEXT AS table_name,
  source_file::TEXT AS source_file,
  row_number::BIGINT AS row_number,
  event_date::DATE AS event_date,
  rule_name::TEXT AS rule_name,
  reason::TEXT AS reason
FROM judged
WHERE
  NOT rule_name IS NULL
