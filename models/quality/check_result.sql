MODEL (
  name quality.check_result,
  kind VIEW,
  owner analytics_engineering,
  grain (source, table_name, column_name, check_name, event_date),
  tags (
    quality
  ),
  audits (
    not_null(
      columns := (
        source,
        table_name,
        column_name,
        check_name,
        event_date,
        threshold_rate,
        severity,
        is_passed
      )
    ),
    unique_combination_of_columns(columns := (source, table_name, column_name, check_name, event_date))
  ),
  description 'One row per check, column that it is about and day, with the verdict that seed.quality_check asks for. Rates are not additive: add the counts.',
  column_descriptions (
    source = 'The shop.',
    table_name = 'The raw table of the source.',
    column_name = 'The raw column that the check is about; * for the whole row.',
    check_name = 'The check, in seed.quality_check.',
    event_date = 'Business day of the rows; the day of loading for tables without one, and for rows that could not be loaded.',
    tested_count = 'Rows that were tested.',
    failed_count = 'Rows that failed.',
    failed_rate = 'failed_count by tested_count. Not additive.',
    threshold_rate = 'What may fail.',
    severity = 'block, warn or info: how grave it is when more fails.',
    action = 'What happens to a row that fails: quarantine, reject, unknown_member, drop, flag, report.',
    is_passed = 'failed_rate is at most threshold_rate.'
  )
);

WITH current_load AS (
  SELECT
    load_id,
    source,
    table_name,
    event_dates,
    rows_read,
    finished_at::DATE AS load_date
  FROM ingest."load"
  WHERE
    status = 'loaded' AND replaced_by IS NULL
), last_load AS (
  SELECT
    source,
    table_name,
    MAX(load_date) AS load_date
  FROM current_load
  GROUP BY
    source,
    table_name
), refused AS (
  SELECT
    load_id,
    @REJECTION_RULE(reason) AS rule_name,
    COUNT(*) AS row_count
  FROM ingest.rejected_row
  GROUP BY
    load_id,
    @REJECTION_RULE(reason)
), read AS (
  SELECT
    current_load.source,
    current_load.table_name,
    asked.check_name,
    current_load.load_date,
    SUM(current_load.rows_read) AS tested_count,
    COALESCE(SUM(refused.row_count), 0) AS failed_count
  FROM current_load
  CROSS JOIN (VALUES
    ('future_date'),
    ('invalid_date'),
    ('unreadable_row')) AS asked(check_name)
  LEFT JOIN refused
    ON refused.load_id = current_load.load_id AND refused.rule_name = asked.check_name
  WHERE
    asked.check_name = 'unreadable_row' OR NOT current_load.event_dates IS NULL
  GROUP BY
    current_load.source,
    current_load.table_name,
    asked.check_name,
    current_load.load_date
), counted AS (
  SELECT
    source,
    table_name,
    column_name,
    check_name,
    event_date,
    tested_count,
    failed_count
  FROM quality.check_count
  UNION ALL
  SELECT
    undated.source,
    undated.table_name,
    undated.column_name,
    undated.check_name,
    last_load.load_date,
    undated.tested_count,
    undated.failed_count
  FROM quality.undated_check_count AS undated
  JOIN last_load
    ON last_load.source = undated.source AND last_load.table_name = undated.table_name
  UNION ALL
  SELECT
    source,
    table_name,
    '*',
    check_name,
    load_date,
    tested_count,
    failed_count
  FROM read
), judged AS (
  SELECT
    counted.*,
    counted.failed_count::DECIMAL / NULLIF(counted.tested_count, 0) AS failed_rate,
    COALESCE(own.threshold_rate, common.threshold_rate) AS threshold_rate,
    COALESCE(own.severity, common.severity) AS severity,
    COALESCE(own.action, common.action) AS action
  FROM counted
  LEFT JOIN seed.quality_check AS own
    ON own.check_name = counted.check_name AND own.source = counted.source
  LEFT JOIN seed.quality_check AS common
    ON common.check_name = counted.check_name AND common.source = '*'
)
SELECT
  source::TEXT AS source,
  table_name::TEXT AS table_name,
  column_name::TEXT AS column_name,
  check_name::TEXT AS check_name,
  event_date::DATE AS event_date,
  tested_count::BIGINT AS tested_count,
  failed_count::BIGINT AS failed_count,
  failed_rate::DECIMAL(7, 6) AS failed_rate,
  threshold_rate::DECIMAL(6, 4) AS threshold_rate,
  severity::TEXT AS severity,
  action::TEXT AS action,
  (
    COALESCE(failed_rate, 0) <= threshold_rate
  )::BOOLEAN AS is_passed
FROM judged
