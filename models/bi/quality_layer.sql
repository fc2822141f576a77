MODEL (
  name bi.quality_layer,
  kind VIEW,
  owner analytics_engineering,
  grain (source, entity, event_date),
  tags (bi, quality),
  grants (
    "select" = ARRAY['bi_reader']
  ),
  audits (
    not_null(columns := (source, entity, event_date)),
    unique_combination_of_columns(columns := (source, entity, event_date))
  ),
  description 'One row per source, entity and business day: what became of the raw rows. Counts add up over days. difference_count and staged_difference_count must be zero. Answers: whether anything was lost on the way.',
  column_descriptions (
    source = 'The shop.',
    entity = 'What the rows are: order, order_line, payment, review, stock, shipment, …',
    event_date = 'Business day; for what hangs on an order, the day of the order.',
    raw_count = 'Rows in the raw tables.',
    staged_count = 'Rows in staging, which drops nothing.',
    quarantined_count = 'Staged rows that are held back.',
    repeated_count = 'Staged rows that repeat another one and are counted once.',
    superseded_count = 'Staged rows whose place a later state of the same order or parcel took.',
    core_count = 'Rows in the fact.',
    staged_difference_count = 'raw_count - staged_count: zero.',
    difference_count = 'raw_count - quarantined_count - repeated_count - superseded_count - core_count: zero.'
  )
);

SELECT
  source::TEXT AS source,
  entity::TEXT AS entity,
  event_date::DATE AS event_date,
  raw_count::BIGINT AS raw_count,
  staged_count::BIGINT AS staged_count,
  quarantined_count::BIGINT AS quarantined_count,
  repeated_count::BIGINT AS repeated_count,
  superseded_count::BIGINT AS superseded_count,
  core_count::BIGINT AS core_count,
  staged_difference_count::BIGINT AS staged_difference_count,
  difference_count::BIGINT AS difference_count
FROM quality.layer_comparison
