MODEL (
  name quality.undated_check_count,
  kind FULL,
  owner analytics_engineering,
  grain (source, table_name, column_name, check_name),
  tags (
    quality
  ),
  audits (
    not_null(
      columns := (source, table_name, column_name, check_name, tested_count, failed_count)
    ),
    unique_combination_of_columns(columns := (source, table_name, column_name, check_name))
  ),
  description 'One row per check of a table whose rows have no business day, and column that it is about: how many rows were tested and how many failed, counted over the whole table.',
  column_descriptions (
    source = 'The shop.',
    table_name = 'The raw table of the source.',
    column_name = 'The raw column that the check is about; * for the whole row.',
    check_name = 'The check, in seed.quality_check.',
    tested_count = 'Rows that were tested.',
    failed_count = 'Rows that failed.',
    mean_value = 'Mean of the column, where it is a number. Not additive.'
  )
);

SELECT
  source::TEXT AS source,
  table_name::TEXT AS table_name,
  column_name::TEXT AS column_name,
  check_name::TEXT AS check_name,
  tested_count::BIGINT AS tested_count,
  failed_count::BIGINT AS failed_count,
  mean_value::DOUBLE PRECISION AS mean_value
FROM (
  @UNION_SOURCES(
    check_count,
    source,
    table_name,
    column_name,
    check_name,
    event_date,
    tested_count,
    failed_count,
    mean_value
  )
) AS sourced
WHERE
  event_date IS NULL
