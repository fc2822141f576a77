MODEL (
  name stg.online_retail__to_order_line,
  kind EMBEDDED,
  owner analytics_engineering,
  grain (source, order_id, line_id),
  tags (staging, online_retail, mapping),
  description 'One row per line that counts: not quarantined and no repetition. The seed seed.stock_code_class tells what a line sells.'
);

WITH classified AS (
  SELECT
    line.*,
    CASE
      WHEN line.unit_price_amount = 0
      AND (
        line.quantity < 0 OR line.customer_id IS NULL
      )
      THEN 'stock_movement' /* written off, found, moved: nobody bought it */
      ELSE COALESCE(class.line_kind, 'product')
    END AS line_kind
  FROM stg.online_retail__transaction AS line
  LEFT JOIN seed.stock_code_class AS class
    ON class.stock_code = line.stock_code
  WHERE
    line.quarantine_reason IS NULL AND line.copy_number = 1
)
SELECT
  'online_retail'::TEXT AS source,
  invoice_id::TEXT AS order_id,
  (
    source_file || ':' || row_number
  )::TEXT AS line_id,
  order_date::DATE AS order_date,
  (
    order_date::TIMESTAMP AT TIME ZONE 'Europe/London'
  )::TIMESTAMPTZ AS ordered_at, /* the file has no time of day */
  customer_id::TEXT AS customer_id,
  stock_code::TEXT AS product_id,
  NULL::TEXT AS seller_id,
  NULL::TEXT AS store_id,
  line_kind::TEXT AS line_kind,
  quantity::DECIMAL(18, 3) AS quantity,
  unit_price_amount::DECIMAL(18, 4) AS unit_price_amount,
  0::DECIMAL(18, 4) AS discount_amount,
  NULL::DECIMAL(18, 4) AS tax_amount,
  0::DECIMAL(18, 4) AS freight_amount,
  currency::TEXT AS currency,
  NULL::TEXT AS promotion_code,
  (
    quantity < 0 AND line_kind IN ('product', 'gift_voucher')
  )::BOOLEAN AS is_return,
  CASE
    WHEN quantity < 0 AND line_kind IN ('product', 'gift_voucher')
    THEN order_date
  END::DATE AS return_date,
  FALSE::BOOLEAN AS is_cancelled
FROM classified
