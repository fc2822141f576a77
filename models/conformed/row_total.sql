MODEL (
  name conformed.row_total,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column event_date
  ),
  owner analytics_engineering,
  grain (source, entity, event_date),
  tags (
    conformed
  ),
  audits (
    not_null(columns := (source, entity, event_date, row_count)),
    unique_combination_of_columns(columns := (source, entity, event_date))
  ),
  description 'One row per source, entity that hangs on no order (stock, shipment) and day: how many rows it has to have, counted from the raw rows. conformed.control_total is the same for orders.'
);

SELECT
  source::TEXT AS source,
  entity::TEXT AS entity,
  event_date::DATE AS event_date,
  row_count::BIGINT AS row_count
FROM (
  @UNION_SOURCES(row_total, source, entity, event_date, row_count)
) AS sourced
WHERE
  event_date BETWEEN @start_date AND @end_date
