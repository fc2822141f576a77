MODEL (
  name stg.online_retail__to_layer_count,
  kind EMBEDDED,
  owner analytics_engineering,
  grain (source, entity, event_date),
  tags (staging, online_retail, mapping),
  description 'One row per day: lines in raw, staged, held back, and repeated.'
);

WITH counted AS (
  SELECT
    _event_date AS event_date,
    COUNT(*) AS raw_count,
    0 AS staged_count,
    0 AS quarantined_count,
    0 AS repeated_count
  FROM raw_online_retail.transaction
  GROUP BY
    _event_date
  UNION ALL
  SELECT
    order_date,
    0,
    COUNT(*),
    COUNT(quarantine_reason),
    COUNT(*) FILTER(WHERE
      quarantine_reason IS NULL AND copy_number > 1)
  FROM stg.online_retail__transaction
  GROUP BY
    order_date
)
SELECT
  'online_retail'::TEXT AS source,
  'order_line'::TEXT AS entity,
  event_date::DATE AS event_date,
  SUM(raw_count)::BIGINT AS raw_count,
  SUM(staged_count)::BIGINT AS staged_count,
  SUM(quarantined_count)::BIGINT AS quarantined_count,
  SUM(repeated_count)::BIGINT AS repeated_count,
  0::BIGINT AS superseded_count /* every row stands for itself */
FROM counted
GROUP BY
  event_date
