MODEL (
  name stg.olist__to_order_line,
  kind EMBEDDED,
  owner analytics_engineering,
  grain (source, order_id, line_id),
  tags (staging, olist, mapping),
  description 'One row per piece sold, with the date and the customer of its order. A repeated piece number counts once.'
);

WITH piece AS (
  SELECT
    "order".*,
    item.item_number,
    item.product_id,
    item.seller_id,
    item.price_amount,
    item.freight_amount,
    ROW_NUMBER() OVER (
      PARTITION BY "order".order_date, "order".order_id, item.item_number
      ORDER BY item.source_file, item.row_number
    ) AS copy_number
  FROM stg.olist__to_order AS "order"
  JOIN stg.olist__order_item AS item
    ON item.order_id = "order".order_id
  WHERE
    item.quarantine_reason IS NULL
)
SELECT
  source::TEXT AS source,
  order_id::TEXT AS order_id,
  item_number::TEXT AS line_id,
  order_date::DATE AS order_date,
  ordered_at::TIMESTAMPTZ AS ordered_at,
  customer_id::TEXT AS customer_id,
  product_id::TEXT AS product_id,
  seller_id::TEXT AS seller_id,
  NULL::TEXT AS store_id,
  'product'::TEXT AS line_kind,
  1::DECIMAL(18, 3) AS quantity,
  price_amount::DECIMAL(18, 4) AS unit_price_amount,
  0::DECIMAL(18, 4) AS discount_amount,
  NULL::DECIMAL(18, 4) AS tax_amount,
  freight_amount::DECIMAL(18, 4) AS freight_amount,
  currency::TEXT AS currency,
  NULL::TEXT AS promotion_code,
  FALSE::BOOLEAN AS is_return,
  NULL::DATE AS return_date,
  is_cancelled::BOOLEAN AS is_cancelled
FROM piece
WHERE
  copy_number = 1
