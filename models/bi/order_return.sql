MODEL (
  name bi.order_return,
  kind VIEW,
  owner analytics_engineering,
  grain return_line_key,
  tags (
    bi
  ),
  grants (
    "select" = ARRAY['bi_reader']
  ),
  description 'One row per returned line whose sale is known. return_days is not additive.',
  column_descriptions (
    return_line_key = 'The returned line, in core.fct_order_line.',
    sale_line_key = 'The line that had sold it, in core.fct_order_line.',
    source = 'The shop.',
    return_date = 'The day the goods came back.',
    sale_date = 'Business date of the sale.',
    return_days = 'Days from the sale to the return. Not additive.'
  )
);

SELECT
  return_line_key::UUID AS return_line_key,
  sale_line_key::UUID AS sale_line_key,
  source::TEXT AS source,
  return_date::DATE AS return_date,
  sale_date::DATE AS sale_date,
  return_days::INT AS return_days
FROM core.bridge_return
