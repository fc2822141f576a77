MODEL (
  name quality.quarantined_row,
  kind FULL,
  owner analytics_engineering,
  grain (source, table_name, source_file, row_number),
  tags (
    quality
  ),
  audits (
    not_null(
      columns := (source, table_name, source_file, row_number, rule_name, reason, since_at)
    ),
    unique_combination_of_columns(columns := (source, table_name, source_file, row_number))
  ),
  description 'One row per raw row that staging holds back, or held back until the row that it belongs to arrived. Rows with a healed_at count again: filter healed_at IS NULL for what is held back now.',
  column_descriptions (
    source = 'The shop.',
    table_name = 'The raw table of the source.',
    source_file = 'The file that brought the row.',
    row_number = 'Number of the row in the file, from 1 behind the header.',
    event_date = 'Business date of the row, where it has one.',
    rule_name = 'The check of seed.quality_check that it failed first.',
    reason = 'Each column at fault, and what stands in it.',
    since_at = 'When the last load that changed the row''s day (or its file, where rows have no day) brought it.',
    healed_at = 'When the row that it belongs to arrived; empty while it is held back.'
  )
);

WITH held AS (
  @UNION_SOURCES(quarantined_row, source, table_name, source_file, row_number, event_date, rule_name, reason)
), reference AS (
  @UNION_SOURCES(
    reference,
    source,
    table_name,
    source_file,
    row_number,
    event_date,
    parent_table,
    parent_file,
    parent_id
  )
), loaded AS (
  SELECT
    load_id,
    source,
    table_name,
    file,
    event_dates,
    finished_at
  FROM ingest."load"
  WHERE
    status = 'loaded'
), file AS (
  /* One text to join on: the planner would multiply the odds of three, expect no row and loop over all. */
  SELECT
    source || '/' || table_name || '/' || file AS place,
    MIN(finished_at) AS first_at,
    MAX(finished_at) AS last_at
  FROM loaded
  GROUP BY
    source || '/' || table_name || '/' || file
), brought_again AS (
  SELECT
    key.source,
    key.table_name,
    key.key_hash,
    MAX(loaded.finished_at) AS arrived_at
  FROM ingest.arrived_key AS key
  JOIN loaded
    ON loaded.load_id = key.load_id
  GROUP BY
    key.source,
    key.table_name,
    key.key_hash
), healed AS (
  SELECT DISTINCT ON (
    reference.source,
    reference.table_name,
    reference.source_file,
    reference.row_number
  )
    reference.source,
    reference.table_name,
    reference.source_file,
    reference.row_number,
    reference.event_date,
    'orphan_reference' AS rule_name,
    reference.parent_table || ' ''' || reference.parent_id || ''' had not arrived' AS reason,
    child.last_at AS since_at,
    COALESCE(brought_again.arrived_at, parent.first_at) AS healed_at
  FROM reference
  JOIN file AS child
    ON child.place = reference.source || '/' || reference.table_name || '/' || reference.source_file
  JOIN file AS parent
    ON parent.place = reference.source || '/' || reference.parent_table || '/' || reference.parent_file
  LEFT JOIN held
    ON held.source = reference.source
    AND held.table_name = reference.table_name
    AND held.source_file = reference.source_file
    AND held.row_number = reference.row_number
  LEFT JOIN brought_again
    ON brought_again.source = reference.source
    AND brought_again.table_name = reference.parent_table
    AND brought_again.key_hash = HASHTEXTEXTENDED(reference.parent_id, 0)
  WHERE
    held.source IS NULL
    AND parent.last_at > child.last_at
    AND COALESCE(brought_again.arrived_at, parent.first_at) > child.last_at
  ORDER BY
    reference.source,
    reference.table_name,
    reference.source_file,
    reference.row_number,
    COALESCE(brought_again.arrived_at, parent.first_at) DESC
), judged AS (
  SELECT
    held.source,
    held.table_name,
    held.source_file,
    held.row_number,
    held.event_date,
    held.rule_name,
    held.reason,
    COALESCE(MAX(loaded.finished_at), MAX(file.last_at)) AS since_at,
    NULL::TIMESTAMPTZ AS healed_at
  FROM held
  JOIN file
    ON file.place = held.source || '/' || held.table_name || '/' || held.source_file
  LEFT JOIN loaded
    ON loaded.source = held.source
    AND loaded.table_name = held.table_name
    AND loaded.file = held.source_file
    AND (
      held.event_date IS NULL
      OR loaded.event_dates IS NULL
      OR held.event_date = ANY(
        loaded.event_dates
      )
    )
  GROUP BY
    held.source,
    held.table_name,
    held.source_file,
    held.row_number,
    held.event_date,
    held.rule_name,
    held.reason
  UNION ALL
  SELECT
    *
  FROM healed
)
SELECT
  source::TEXT AS source,
  table_name::TEXT AS table_name,
  source_file::TEXT AS source_file,
  row_number::BIGINT AS row_number,
  event_date::DATE AS event_date,
  rule_name::TEXT AS rule_name,
  reason::TEXT AS reason,
  since_at::TIMESTAMPTZ AS since_at,
  healed_at::TIMESTAMPTZ AS healed_at
FROM judged
