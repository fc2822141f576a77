MODEL (
  name quality.layer_comparison,
  kind VIEW,
  owner analytics_engineering,
  grain (source, entity, event_date),
  tags (
    quality
  ),
  audits (
    not_null(columns := (source, entity, event_date, difference_count)),
    unique_combination_of_columns(columns := (source, entity, event_date)),
    layers_agree
  ),
  description 'One row per source, entity that the source counts, and business day: what became of the raw rows. difference_count and staged_difference_count must be zero.',
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

WITH pivoted AS (
  SELECT
    source,
    entity,
    event_date,
    COALESCE(SUM(row_count) FILTER(WHERE
      layer = 'raw'), 0) AS raw_count,
    COALESCE(SUM(row_count) FILTER(WHERE
      layer = 'staged'), 0) AS staged_count,
    COALESCE(SUM(row_count) FILTER(WHERE
      layer = 'quarantined'), 0) AS quarantined_count,
    COALESCE(SUM(row_count) FILTER(WHERE
      layer = 'repeated'), 0) AS repeated_count,
    COALESCE(SUM(row_count) FILTER(WHERE
      layer = 'superseded'), 0) AS superseded_count,
    COALESCE(SUM(row_count) FILTER(WHERE
      layer = 'core'), 0) AS core_count
  FROM quality.daily_count
  GROUP BY
    source,
    entity,
    event_date
), counted_by_source AS (
  SELECT DISTINCT
    source,
    entity
  FROM quality.daily_count
  WHERE
    layer = 'raw'
)
SELECT
  pivoted.source::TEXT AS source,
  pivoted.entity::TEXT AS entity,
  pivoted.event_date::DATE AS event_date,
  pivoted.raw_count::BIGINT AS raw_count,
  pivoted.staged_count::BIGINT AS staged_count,
  pivoted.quarantined_count::BIGINT AS quarantined_count,
  pivoted.repeated_count::BIGINT AS repeated_count,
  pivoted.superseded_count::BIGINT AS superseded_count,
  pivoted.core_count::BIGINT AS core_count,
  (
    pivoted.raw_count - pivoted.staged_count
  )::BIGINT AS staged_difference_count,
  (
    pivoted.raw_count - pivoted.quarantined_count - pivoted.repeated_count - pivoted.superseded_count - pivoted.core_count
  )::BIGINT AS difference_count
FROM pivoted
JOIN counted_by_source
  ON counted_by_source.source = pivoted.source
  AND counted_by_source.entity = pivoted.entity
