MODEL (
  name quality.daily_count,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column event_date
  ),
  owner analytics_engineering,
  grain (source, entity, event_date, layer),
  tags (
    quality
  ),
  audits (
    not_null(columns := (source, entity, event_date, layer, row_count)),
    unique_combination_of_columns(columns := (source, entity, event_date, layer))
  ),
  description 'One row per source, entity, business day and layer: how many rows the layer holds. Never add over layers.',
  column_descriptions (
    source = 'The shop.',
    entity = 'What the rows are: order, order_line, payment, review, stock, shipment, …',
    event_date = 'Business day; for what hangs on an order, the day of the order.',
    layer = 'raw, staged, quarantined, repeated and superseded (parts of staged), core.',
    row_count = 'Rows.'
  )
);

WITH sourced AS (
  @UNION_SOURCES(
    layer_count,
    source,
    entity,
    event_date,
    raw_count,
    staged_count,
    quarantined_count,
    repeated_count,
    superseded_count
  )
), core_row AS (
  SELECT
    source,
    'order' AS entity,
    order_date
  FROM core.fct_order
  UNION ALL
  SELECT
    source,
    'order_line',
    order_date
  FROM core.fct_order_line
  UNION ALL
  SELECT
    source,
    'payment',
    order_date
  FROM core.fct_payment
  UNION ALL
  SELECT
    source,
    'review',
    order_date
  FROM core.fct_review
  UNION ALL
  SELECT
    source,
    'stock',
    snapshot_date
  FROM core.fct_inventory_snapshot
  UNION ALL
  SELECT
    source,
    'shipment',
    handed_over_date
  FROM core.fct_shipment
), counted AS (
  SELECT
    sourced.source,
    sourced.entity,
    sourced.event_date,
    held.layer,
    held.row_count
  FROM sourced
  CROSS JOIN LATERAL (
    VALUES
      ('raw', sourced.raw_count),
      ('staged', sourced.staged_count),
      ('quarantined', sourced.quarantined_count),
      ('repeated', sourced.repeated_count),
      ('superseded', sourced.superseded_count)
  ) AS held(layer, row_count)
  UNION ALL
  SELECT
    source,
    entity,
    order_date,
    'core',
    COUNT(*)
  FROM core_row
  GROUP BY
    source,
    entity,
    order_date
)
SELECT
  source::TEXT AS source,
  entity::TEXT AS entity,
  event_date::DATE AS event_date,
  layer::TEXT AS layer,
  row_count::BIGINT AS row_count
FROM counted
WHERE
  event_date BETWEEN @start_date AND @end_date;

@INDEX_ON(event_date)
