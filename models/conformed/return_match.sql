MODEL (
  name conformed.return_match,
  kind FULL,
  owner analytics_engineering,
  grain (source, return_order_id, return_line_id),
  tags (
    conformed
  ),
  audits (
    not_null(
      columns := (source, return_order_id, return_line_id, sale_order_id, sale_line_id)
    ),
    unique_combination_of_columns(columns := (source, return_order_id, return_line_id))
  ),
  description 'One row per returned line whose sale is known. Several returns may point at one sale.'
);

SELECT
  source::TEXT AS source,
  return_order_id::TEXT AS return_order_id,
  return_line_id::TEXT AS return_line_id,
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
    return_date,
    sale_order_id,
    sale_line_id,
    sale_date
  )
) AS sourced
