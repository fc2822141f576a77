MODEL (
  name bi.quality_load,
  kind VIEW,
  owner analytics_engineering,
  grain (
    load_id
  ),
  tags (bi, quality),
  grants (
    "select" = ARRAY['bi_reader']
  ),
  audits (
    not_null(columns := (
      load_id
    )),
    unique_combination_of_columns(columns := (
      load_id
    ))
  ),
  description 'One row per attempt to load a file. Add rows of is_current loads only: a redelivered file replaces its own. Answers: what came when, how fresh each table is, what was refused.',
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
    load_seconds = 'How long it took. Not additive over loads that ran side by side.',
    started_at = 'When it began.',
    finished_at = 'When it ended.'
  )
);

SELECT
  load_id::BIGINT AS load_id,
  source::TEXT AS source,
  table_name::TEXT AS table_name,
  source_file::TEXT AS source_file,
  status::TEXT AS status,
  is_current::BOOLEAN AS is_current,
  byte_count::BIGINT AS byte_count,
  read_count::BIGINT AS read_count,
  loaded_count::BIGINT AS loaded_count,
  rejected_count::BIGINT AS rejected_count,
  rejected_rate::DECIMAL(7, 6) AS rejected_rate,
  event_day_count::INT AS event_day_count,
  first_event_date::DATE AS first_event_date,
  last_event_date::DATE AS last_event_date,
  load_seconds::DECIMAL(12, 3) AS load_seconds,
  started_at::TIMESTAMPTZ AS started_at,
  finished_at::TIMESTAMPTZ AS finished_at
FROM quality.load_metric
