MODEL (
  name core.bridge_return,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column order_date
  ),
  owner analytics_engineering,
  grain return_line_key,
  references (
    sale_line_key
  ),
  tags (core, bridge),
  audits (
    not_null(columns := (return_line_key, sale_line_key, source, order_date)),
    unique_values(columns := (
      return_line_key
    ))
  ),
  description 'One row per returned line whose sale is known, by the source or by inference. Several returns may point at one sale, so quantities of sales must not be added over this bridge.',
  column_descriptions (
    return_line_key = 'The returned line, in core.fct_order_line.',
    sale_line_key = 'The line that had sold it, in core.fct_order_line.',
    source = 'The shop.',
    order_date = 'The day on which the returned line is booked, its order_date in core.fct_order_line; the time column.',
    return_date = 'The day the goods came back.',
    sale_date = 'Business date of the sale.',
    return_days = 'Days from the sale to the return. Not additive.'
  )
);

SELECT
  @SURROGATE_KEY(source, return_order_id, return_line_id)::UUID AS return_line_key,
  @SURROGATE_KEY(source, sale_order_id, sale_line_id)::UUID AS sale_line_key,
  source::TEXT AS source,
  order_date::DATE AS order_date,
  return_date::DATE AS return_date,
  sale_date::DATE AS sale_date,
  (
    return_date - sale_date
  )::INT AS return_days
FROM conformed.return_match
WHERE
  order_date BETWEEN @start_date AND @end_date;

@INDEX_ON(order_date);

@INDEX_ON(sale_line_key)
