MODEL (
  name stg.online_retail__to_return_match,
  kind EMBEDDED,
  owner analytics_engineering,
  grain (source, return_order_id, return_line_id),
  tags (staging, online_retail, mapping),
  description 'One row per returned line whose sale can be told: the latest earlier line of the same customer, product and price that sold at least as many.'
);

WITH counted AS (
  SELECT
    invoice_id,
    source_file || ':' || row_number AS line_id,
    order_date,
    customer_id,
    stock_code,
    unit_price_amount,
    quantity
  FROM stg.online_retail__transaction
  WHERE
    quarantine_reason IS NULL
    AND copy_number = 1
    AND NOT customer_id IS NULL
    AND unit_price_amount > 0
), sale AS (
  SELECT
    *
  FROM counted
  WHERE
    quantity > 0 AND NOT invoice_id LIKE 'C%'
)
SELECT DISTINCT ON (back.invoice_id, back.line_id)
  'online_retail'::TEXT AS source,
  back.invoice_id::TEXT AS return_order_id,
  back.line_id::TEXT AS return_line_id,
  back.order_date::DATE AS return_date,
  sale.invoice_id::TEXT AS sale_order_id,
  sale.line_id::TEXT AS sale_line_id,
  sale.order_date::DATE AS sale_date
FROM counted AS back
JOIN sale
  ON sale.customer_id = back.customer_id
  AND sale.stock_code = back.stock_code
  AND sale.unit_price_amount = back.unit_price_amount
  AND sale.quantity >= -back.quantity
  AND sale.order_date <= back.order_date
WHERE
  back.quantity < 0
ORDER BY
  back.invoice_id,
  back.line_id,
  sale.order_date DESC,
  sale.invoice_id DESC,
  sale.line_id
