MODEL (
  name bi.quality_check,
  kind VIEW,
  owner analytics_engineering,
  grain (source, table_name, column_name, check_name, event_date),
  tags (bi, quality),
  grants (
    "select" = ARRAY['bi_reader']
  ),
  audits (
    not_null(columns := (source, table_name, column_name, check_name, event_date)),
    unique_combination_of_columns(columns := (source, table_name, column_name, check_name, event_date))
  ),
  description 'One row per check, column that it is about and day, with the verdict. Rates are not additive: add the counts; the checks of one table test the same rows. Answers: which data is wrong, since when, and what became of it.',
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
    is_passed = 'failed_rate is at most threshold_rate.',
    check_meaning = 'What a row that fails the check is like.'
  )
);

SELECT
  result.source::TEXT AS source,
  result.table_name::TEXT AS table_name,
  result.column_name::TEXT AS column_name,
  result.check_name::TEXT AS check_name,
  result.event_date::DATE AS event_date,
  result.tested_count::BIGINT AS tested_count,
  result.failed_count::BIGINT AS failed_count,
  result.failed_rate::DECIMAL(7, 6) AS failed_rate,
  result.threshold_rate::DECIMAL(6, 4) AS threshold_rate,
  result.severity::TEXT AS severity,
  result.action::TEXT AS action,
  result.is_passed::BOOLEAN AS is_passed,
  COALESCE(own.meaning, common.meaning)::TEXT AS check_meaning
FROM quality.check_result AS result
LEFT JOIN seed.quality_check AS own
  ON own.check_name = result.check_name AND own.source = result.source
LEFT JOIN seed.quality_check AS common
  ON common.check_name = result.check_name AND common.source = '*'
