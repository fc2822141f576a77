MODEL (
  name stg.online_retail__to_return_match,
  kind EMBEDDED,
  owner analytics_engineering,
  grain (source, return_order_id, return_line_id),
  tags (staging, online_retail, mapping),
  description 'One row per returned line whose sale can be told: the latest earlier line of the same customer, product and price that sold at least as many.'
);

WITH sale AS (
  SELECT
    *
  FROM stg.online_retail__to_order_line
  WHERE
    NOT customer_id IS NULL
    AND unit_price_amount > 0
    AND quantity > 0
    AND NOT order_id LIKE 'C%'
)
SELECT DISTINCT ON (back.order_date, back.order_id, back.line_id)
  back.source::TEXT AS source,
  back.order_id::TEXT AS return_order_id,
  back.line_id::TEXT AS return_line_id,
  back.order_date::DATE AS order_date,
  back.order_date::DATE AS return_date,
  sale.order_id::TEXT AS sale_order_id,
  sale.line_id::TEXT AS sale_line_id,
  sale.order_date::DATE AS sale_date
FROM stg.online_retail__to_order_line AS back
JOIN sale
  ON sale.customer_id = back.customer_id
  AND sale.product_id = back.product_id
  AND sale.unit_price_amount = back.unit_price_amount
  AND sale.quantity >= -back.quantity
  AND sale.order_date <= back.order_date
WHERE
  back.is_return AND NOT back.customer_id IS NULL AND back.unit_price_amount > 0
ORDER BY
  back.order_date,
  back.order_id,
  back.line_id,
  sale.order_date DESC,
  sale.order_id DESC,
  sale.line_id
