MODEL (
  name stg.online_retail__to_quarantined_row,
  kind EMBEDDED,
  owner analytics_engineering,
  grain (source, table_name, source_file, row_number),
  tags (staging, online_retail, mapping),
  description 'One row per raw row that cannot be used, with the reason.'
);

SELECT
  'online_retail'::TEXT AS source,
  'transaction'::TEXT AS table_name,
  source_file::TEXT AS source_file,
  row_number::BIGINT AS row_number,
  order_date::DATE AS event_date,
  CASE
    WHEN stock_code IS NULL
    THEN 'missing_stock_code'
    ELSE @QUARANTINE_RULE(quarantine_reason)
  END::TEXT AS rule_name,
  quarantine_reason::TEXT AS reason
FROM stg.online_retail__transaction
WHERE
  NOT quarantine_reason IS NULL
