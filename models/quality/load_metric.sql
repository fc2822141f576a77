MODEL (
  name quality.load_metric,
  kind VIEW,
  owner analytics_engineering,
  grain load_id,
  tags (
    quality
  ),
  audits (
    not_null(columns := (load_id, source, table_name, source_file, status)),
    unique_values(columns := (
      load_id
    ))
  ),
  description 'One row per attempt to load a file, whether it succeeded or not. Add rows of is_current loads only: a redelivered file replaces its own.',
  column_descriptions (
    load_id = 'Number of the load.',
    source = 'The shop.',
    table_name = 'The raw table of the source.',
    source_file = 'The file.',
    status = 'loaded, failed, interrupted or running.',
    is_current = 'Its rows are in the raw table: loaded and not replaced since.',
    byte_count = 'Size of the file.',
    read_count = 'Rows of the file; loaded_count + rejected_count.',
    loaded_count = 'Rows that went into the raw table.',
    rejected_count = 'Rows that could not be loaded, in ingest.rejected_row.',
    rejected_rate = 'rejected_count by read_count. Not additive.',
    event_day_count = 'Business days whose rows the load added, changed or removed; empty where rows have no date.',
    first_event_date = 'The first of these days.',
    last_event_date = 'The last of these days.',
    extra_column_count = 'Columns that the contract does not know.',
    missing_column_count = 'Optional columns of the contract that the file lacks.',
    load_seconds = 'How long it took. Not additive over loads that ran side by side.',
    replaced_by_load_id = 'The later load that replaced the rows of this one.',
    error = 'Why it failed.',
    started_at = 'When it began.',
    finished_at = 'When it ended.'
  )
);

SELECT
  load.load_id::BIGINT AS load_id,
  load.source::TEXT AS source,
  load.table_name::TEXT AS table_name,
  load.file::TEXT AS source_file,
  load.status::TEXT AS status,
  (
    load.status = 'loaded' AND load.replaced_by IS NULL
  )::BOOLEAN AS is_current,
  load.bytes::BIGINT AS byte_count,
  load.rows_read::BIGINT AS read_count,
  load.rows_loaded::BIGINT AS loaded_count,
  load.rows_rejected::BIGINT AS rejected_count,
  (
    load.rows_rejected::DECIMAL / NULLIF(load.rows_read, 0)
  )::DECIMAL(7, 6) AS rejected_rate,
  CARDINALITY(load.event_dates)::INT AS event_day_count,
  (
    SELECT
      MIN(event_date)
    FROM UNNEST(load.event_dates) AS touched(event_date)
  )::DATE AS first_event_date,
  (
    SELECT
      MAX(event_date)
    FROM UNNEST(load.event_dates) AS touched(event_date)
  )::DATE AS last_event_date,
  COALESCE(CARDINALITY(load.extra_columns), 0)::INT AS extra_column_count,
  COALESCE(CARDINALITY(load.missing_columns), 0)::INT AS missing_column_count,
  EXTRACT(EPOCH FROM load.finished_at - load.started_at)::DECIMAL(12, 3) AS load_seconds,
  load.replaced_by::BIGINT AS replaced_by_load_id,
  load.error::TEXT AS error,
  load.started_at::TIMESTAMPTZ AS started_at,
  load.finished_at::TIMESTAMPTZ AS finished_at
FROM ingest."load" AS load
