MODEL (
  name bi.quality_left_out,
  kind VIEW,
  owner analytics_engineering,
  grain (source, table_name, fate, rule_name, since_date),
  tags (bi, quality),
  grants (
    "select" = ARRAY['bi_reader']
  ),
  audits (
    not_null(columns := (source, table_name, fate, rule_name, since_date)),
    unique_combination_of_columns(columns := (source, table_name, fate, rule_name, since_date))
  ),
  description 'One row per raw table, fate, rule and day of loading: rows that were refused or are held back, without their text, which may be personal. Counts add up. Answers: what is not in the numbers, and why.',
  column_descriptions (
    source = 'The shop.',
    table_name = 'The raw table of the source.',
    fate = 'rejected: the loader refused the row. quarantined: staging holds it back.',
    rule_name = 'The check that it failed first.',
    since_date = 'Day (UTC) of the load that brought it.',
    open_count = 'Rows that are out now.',
    healed_count = 'Rows that were out and have come in since.'
  )
);

WITH left_out AS (
  SELECT
    source,
    table_name,
    'rejected' AS fate,
    rule_name,
    since_at,
    healed_at
  FROM quality.rejected_row
  UNION ALL
  SELECT
    source,
    table_name,
    'quarantined',
    rule_name,
    since_at,
    healed_at
  FROM quality.quarantined_row
)
SELECT
  source::TEXT AS source,
  table_name::TEXT AS table_name,
  fate::TEXT AS fate,
  rule_name::TEXT AS rule_name,
  DATE_TRUNC('DAY', since_at AT TIME ZONE 'UTC')::DATE AS since_date,
  COUNT(*) FILTER(WHERE
    healed_at IS NULL)::BIGINT AS open_count,
  COUNT(healed_at)::BIGINT AS healed_count
FROM left_out
GROUP BY
  1,
  2,
  3,
  4,
  5
