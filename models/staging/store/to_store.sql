MODEL (
  name stg.store__to_store,
  kind EMBEDDED,
  owner analytics_engineering,
  grain (source, store_id),
  tags (staging, store, mapping),
  description 'One row per store and per warehouse. A repeated id counts once, the first row of it.'
);

WITH place AS (
  SELECT
    store_id,
    'store' AS store_kind,
    store_name,
    city,
    state,
    postal_prefix,
    opened_date,
    warehouse_id AS supplied_by_store_id,
    source_file,
    row_number
  FROM stg.store__store
  WHERE
    quarantine_reason IS NULL
  UNION ALL
  SELECT
    warehouse_id,
    'warehouse',
    warehouse_name,
    city,
    state,
    postal_prefix,
    NULL::DATE,
    NULL::TEXT,
    source_file,
    row_number
  FROM stg.store__warehouse
  WHERE
    quarantine_reason IS NULL
)
SELECT DISTINCT ON (store_kind, store_id)
  'store'::TEXT AS source,
  store_id::TEXT AS store_id,
  store_kind::TEXT AS store_kind,
  store_name::TEXT AS store_name,
  city::TEXT AS city,
  state::TEXT AS state,
  postal_prefix::TEXT AS postal_prefix,
  'IN'::TEXT AS country_code,
  opened_date::DATE AS opened_date,
  supplied_by_store_id::TEXT AS supplied_by_store_id
FROM place
ORDER BY
  store_kind,
  store_id,
  source_file,
  row_number
