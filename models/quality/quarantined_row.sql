MODEL (
  name quality.quarantined_row,
  kind VIEW,
  owner analytics_engineering,
  grain (source, table_name, source_file, row_number),
  tags (
    quality
  ),
  audits (
    not_null(columns := (source, table_name, source_file, row_number, reason)),
    unique_combination_of_columns(columns := (source, table_name, source_file, row_number))
  ),
  description 'One row per raw row that staging holds back, with the reason. Source, table, file and row number lead to the raw row.',
  column_descriptions (
    source = 'The shop.',
    table_name = 'The raw table of the source.',
    source_file = 'The file that brought the row.',
    row_number = 'Number of the row in the file, from 1 behind the header.',
    event_date = 'Business date of the row, where it has one.',
    reason = 'Each column at fault, and what stands in it.'
  )
);

SELECT
  source::TEXT AS source,
  table_name::TEXT AS table_name,
  source_file::TEXT AS source_file,
  row_number::BIGINT AS row_number,
  event_date::DATE AS event_date,
  reason::TEXT AS reason
FROM (
  @UNION_SOURCES(quarantined_row, source, table_name, source_file, row_number, event_date, reason)
) AS sourced
