MODEL (
  name stg.store__to_product,
  kind EMBEDDED,
  owner analytics_engineering,
  grain (source, product_id, change_number),
  tags (staging, store, mapping),
  description 'One row per event of the catalogue''s log that counts, and the product SHIPPING: what a web order''s shipping fee is a line of.'
);

SELECT
  'store'::TEXT AS source,
  product_id::TEXT AS product_id,
  change_number::BIGINT AS change_number,
  observed_at::TIMESTAMPTZ AS observed_at,
  (
    operation = 'delete'
  )::BOOLEAN AS is_deleted,
  product_name::TEXT AS product_name,
  'product'::TEXT AS product_kind,
  category::TEXT AS category,
  brand::TEXT AS brand,
  list_price_amount::DECIMAL(18, 4) AS list_price_amount,
  cost_amount::DECIMAL(18, 4) AS cost_amount,
  tax_rate::DECIMAL(9, 6) AS tax_rate,
  currency::TEXT AS currency,
  weight_g::DECIMAL(18, 3) AS weight_g,
  NULL::DECIMAL(18, 3) AS length_cm,
  NULL::DECIMAL(18, 3) AS height_cm,
  NULL::DECIMAL(18, 3) AS width_cm,
  NULL::INT AS photo_count
FROM stg.store__product_feed
WHERE
  quarantine_reason IS NULL AND copy_number = 1
UNION ALL
SELECT
  'store'::TEXT,
  'SHIPPING'::TEXT,
  0::BIGINT,
  @BEGINNING_OF_TIME()::TIMESTAMPTZ,
  FALSE::BOOLEAN,
  'Shipping'::TEXT,
  'freight'::TEXT,
  NULL::TEXT,
  NULL::TEXT,
  NULL::DECIMAL(18, 4),
  NULL::DECIMAL(18, 4),
  NULL::DECIMAL(9, 6),
  'INR'::TEXT,
  NULL::DECIMAL(18, 3),
  NULL::DECIMAL(18, 3),
  NULL::DECIMAL(18, 3),
  NULL::DECIMAL(18, 3),
  NULL::INT
