MODEL (
  name quality.rejected_row,
  kind VIEW,
  owner analytics_engineering,
  grain (load_id, row_number),
  tags (
    quality
  ),
  audits (
    not_null(columns := (load_id, row_number, rule_name, reason, since_at)),
    unique_combination_of_columns(columns := (load_id, row_number))
  ),
  description 'One row per row of a file that the loader refused, without its text, which may be personal: that stands in ingest.rejected_row. A row that a redelivery brings again unchanged stands here once.',
  column_descriptions (
    load_id = 'The last load that refused the row.',
    source = 'The shop.',
    table_name = 'The raw table that it was for.',
    source_file = 'The file.',
    line_number = 'Line of the file at which the row begins.',
    row_number = 'Number of the row in the file, from 1 behind the header.',
    rule_name = 'future_date, invalid_date or unreadable_row.',
    reason = 'Why, in the loader''s words.',
    since_at = 'When the file first brought this row.',
    healed_at = 'When the file came again without it; empty while it is refused.'
  )
);

WITH refused AS (
  SELECT
    rejected.load_id,
    rejected.source,
    rejected.table_name,
    rejected.file,
    rejected.line_number,
    rejected.row_number,
    rejected.reason,
    load.replaced_by,
    MIN(load.finished_at) OVER same_row AS since_at,
    MAX(rejected.load_id) OVER same_row AS last_load_id
  FROM ingest.rejected_row AS rejected
  JOIN ingest."load" AS load
    ON load.load_id = rejected.load_id
  WHERE
    load.status = 'loaded'
  WINDOW same_row AS (
    PARTITION BY rejected.source, rejected.table_name, rejected.file, MD5(rejected.raw)
  )
)
SELECT
  refused.load_id::BIGINT AS load_id,
  refused.source::TEXT AS source,
  refused.table_name::TEXT AS table_name,
  refused.file::TEXT AS source_file,
  refused.line_number::BIGINT AS line_number,
  refused.row_number::BIGINT AS row_number,
  @REJECTION_RULE(refused.reason)::TEXT AS rule_name,
  refused.reason::TEXT AS reason,
  refused.since_at::TIMESTAMPTZ AS since_at,
  replacing.finished_at::TIMESTAMPTZ AS healed_at
FROM refused
LEFT JOIN ingest."load" AS replacing
  ON replacing.load_id = refused.replaced_by
WHERE
  refused.load_id = refused.last_load_id
