MODEL (
  name stg.store__to_return_match,
  kind EMBEDDED,
  owner analytics_engineering,
  grain (source, return_order_id, return_line_id),
  tags (staging, store, mapping),
  description 'One row per returned line with the line that had sold it: the one that the receipt names, or the line of the same web order.'
);

SELECT
  'store'::TEXT AS source,
  back.receipt_id::TEXT AS return_order_id,
  back.line_number::TEXT AS return_line_id,
  back.order_date::DATE AS order_date,
  back.order_date::DATE AS return_date,
  sale.receipt_id::TEXT AS sale_order_id,
  sale.line_number::TEXT AS sale_line_id,
  sale.order_date::DATE AS sale_date
FROM stg.store__judged_pos_line AS back
JOIN stg.store__judged_pos_line AS sale
  ON sale.receipt_id = back.returned_receipt_id
  AND sale.line_number = back.returned_line_number
WHERE
  back.quantity < 0
  AND NOT back.returned_receipt_id IS NULL
  AND back.rule_name IS NULL
  AND back.copy_number = 1
  AND sale.rule_name IS NULL
  AND sale.copy_number = 1
UNION ALL
SELECT
  'store'::TEXT,
  web.order_id::TEXT,
  (
    line.line_number || 'R'
  )::TEXT,
  web.order_date::DATE,
  web.return_date::DATE,
  web.order_id::TEXT,
  line.line_number::TEXT,
  web.order_date::DATE
FROM stg.store__standing_web_order AS web
CROSS JOIN LATERAL JSONB_TO_RECORDSET(web.lines) AS line(line_number INT, returned_quantity INT)
WHERE
  line.returned_quantity > 0
