MODEL (
  name conformed.return_match,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column order_date
  ),
  owner analytics_engineering,
  grain (source, return_order_id, return_line_id),
  tags (
    conformed
  ),
  audits (
    not_null(
      columns := (source, return_order_id, return_line_id, order_date, sale_order_id, sale_line_id)
    ),
    unique_combination_of_columns(columns := (source, return_order_id, return_line_id))
  ),
  description 'One row per returned line whose sale is known, on the day of the returned line. Several returns may point at one sale. When the sale changes on a day of its own, retail refresh computes the day of the return again.'
);

SELECT
  source::TEXT AS source,
  return_order_id::TEXT AS return_order_id,
  return_line_id::TEXT AS return_line_id,
  order_date::DATE AS order_date, /* the day on which the returned line is booked: a web order's own */
  return_date::DATE AS return_date,
  sale_order_id::TEXT AS sale_order_id,
  sale_line_id::TEXT AS sale_line_id,
  sale_date::DATE AS sale_date
FROM (
  @UNION_SOURCES(
    return_match,
    source,
    return_order_id,
    return_line_id,
    order_date,
    return_date,
    sale_order_id,
    sale_line_id,
    sale_date
  )
) AS sourced
WHERE
  order_date BETWEEN @start_date AND @end_date;

@INDEX_ON(order_date)
