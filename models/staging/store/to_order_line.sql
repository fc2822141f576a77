MODEL (
  name stg.store__to_order_line,
  kind EMBEDDED,
  owner analytics_engineering,
  grain (source, order_id, line_id),
  tags (staging, store, mapping),
  description 'One row per line of a receipt that counts; of web orders as they stand one per line, one more (…R) for what came back of it, on the day of the order, and one for shipping where it is charged.'
);

/* What a return gives back is its pieces' part of the discount and the tax, to the cent. */
WITH sold AS (
  SELECT
    web.*,
    line.line_number,
    TRIM(line.product_id) AS product_id,
    line.quantity,
    line.unit_price,
    line.discount_amount,
    line.tax_amount,
    NULLIF(TRIM(line.promotion_code), '') AS promotion_code,
    line.returned_quantity
  FROM stg.store__standing_web_order AS web
  CROSS JOIN LATERAL JSONB_TO_RECORDSET(web.lines) AS line(line_number INT, product_id TEXT, quantity INT, unit_price DECIMAL, discount_amount DECIMAL, tax_amount DECIMAL, promotion_code TEXT, returned_quantity INT)
)
SELECT
  'store'::TEXT AS source,
  receipt_id::TEXT AS order_id,
  line_number::TEXT AS line_id,
  order_date::DATE AS order_date,
  sold_at::TIMESTAMPTZ AS ordered_at,
  customer_id::TEXT AS customer_id,
  product_id::TEXT AS product_id,
  NULL::TEXT AS seller_id,
  store_id::TEXT AS store_id,
  'product'::TEXT AS line_kind,
  quantity::DECIMAL(18, 3) AS quantity,
  unit_price_amount::DECIMAL(18, 4) AS unit_price_amount,
  discount_amount::DECIMAL(18, 4) AS discount_amount,
  tax_amount::DECIMAL(18, 4) AS tax_amount,
  0::DECIMAL(18, 4) AS freight_amount,
  currency::TEXT AS currency,
  promotion_code::TEXT AS promotion_code,
  (
    quantity < 0
  )::BOOLEAN AS is_return,
  CASE WHEN quantity < 0 THEN order_date END::DATE AS return_date,
  FALSE::BOOLEAN AS is_cancelled
FROM stg.store__judged_pos_line
WHERE
  rule_name IS NULL AND copy_number = 1
UNION ALL
SELECT
  'store'::TEXT,
  sold.order_id::TEXT,
  (
    sold.line_number || CASE WHEN part.is_return THEN 'R' ELSE '' END
  )::TEXT,
  sold.order_date::DATE,
  sold.placed_at::TIMESTAMPTZ,
  sold.customer_id::TEXT,
  sold.product_id::TEXT,
  NULL::TEXT,
  NULL::TEXT,
  'product'::TEXT,
  CASE WHEN part.is_return THEN -sold.returned_quantity ELSE sold.quantity END::DECIMAL(18, 3),
  sold.unit_price::DECIMAL(18, 4),
  CASE
    WHEN part.is_return
    THEN ROUND(-sold.discount_amount * sold.returned_quantity / sold.quantity, 2)
    ELSE sold.discount_amount
  END::DECIMAL(18, 4),
  CASE
    WHEN part.is_return
    THEN ROUND(-sold.tax_amount * sold.returned_quantity / sold.quantity, 2)
    ELSE sold.tax_amount
  END::DECIMAL(18, 4),
  0::DECIMAL(18, 4),
  sold.currency::TEXT,
  sold.promotion_code::TEXT,
  part.is_return::BOOLEAN,
  CASE WHEN part.is_return THEN sold.return_date END::DATE,
  (
    sold.status = 'cancelled'
  )::BOOLEAN
FROM sold
CROSS JOIN (VALUES
  (FALSE),
  (TRUE)) AS part(is_return)
WHERE
  NOT part.is_return OR sold.returned_quantity > 0
UNION ALL
SELECT
  'store'::TEXT,
  order_id::TEXT,
  'SHIPPING'::TEXT,
  order_date::DATE,
  placed_at::TIMESTAMPTZ,
  customer_id::TEXT,
  'SHIPPING'::TEXT,
  NULL::TEXT,
  NULL::TEXT,
  'freight'::TEXT,
  1::DECIMAL(18, 3),
  shipping_amount::DECIMAL(18, 4),
  0::DECIMAL(18, 4),
  NULL::DECIMAL(18, 4), /* the documents do not tell it */
  0::DECIMAL(18, 4),
  currency::TEXT,
  NULL::TEXT,
  FALSE::BOOLEAN,
  NULL::DATE,
  (
    status = 'cancelled'
  )::BOOLEAN
FROM stg.store__standing_web_order
WHERE
  shipping_amount > 0
