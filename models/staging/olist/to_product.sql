MODEL (
  name stg.olist__to_product,
  kind EMBEDDED,
  owner analytics_engineering,
  grain (source, product_id, observed_at),
  tags (staging, olist, mapping),
  description 'One row per catalogue entry, its category in English where the translation has it. The catalogue has no history, no names and no prices.'
);

SELECT DISTINCT ON (product.product_id)
  'olist'::TEXT AS source,
  product.product_id::TEXT AS product_id,
  0::BIGINT AS change_number,
  '1900-01-01'::TIMESTAMPTZ AS observed_at,
  FALSE::BOOLEAN AS is_deleted,
  NULL::TEXT AS product_name,
  'product'::TEXT AS product_kind,
  COALESCE(translation.category, product.source_category)::TEXT AS category,
  NULL::TEXT AS brand,
  NULL::DECIMAL(18, 4) AS list_price_amount,
  NULL::DECIMAL(18, 4) AS cost_amount,
  NULL::DECIMAL(9, 6) AS tax_rate,
  'BRL'::TEXT AS currency,
  product.weight_g::DECIMAL(18, 3) AS weight_g,
  product.length_cm::DECIMAL(18, 3) AS length_cm,
  product.height_cm::DECIMAL(18, 3) AS height_cm,
  product.width_cm::DECIMAL(18, 3) AS width_cm,
  product.photo_count::INT AS photo_count
FROM stg.olist__product AS product
LEFT JOIN stg.olist__category_translation AS translation
  ON translation.source_category = product.source_category
  AND translation.quarantine_reason IS NULL
WHERE
  product.quarantine_reason IS NULL
ORDER BY
  product.product_id,
  product.source_file,
  product.row_number,
  translation.row_number
