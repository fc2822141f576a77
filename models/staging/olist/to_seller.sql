MODEL (
  name stg.olist__to_seller,
  kind EMBEDDED,
  owner analytics_engineering,
  grain (source, seller_id),
  tags (staging, olist, mapping),
  description 'One row per seller.'
);

SELECT DISTINCT ON (seller_id)
  'olist'::TEXT AS source,
  seller_id::TEXT AS seller_id,
  postal_prefix::TEXT AS postal_prefix,
  city::TEXT AS city,
  state::TEXT AS state,
  'BR'::TEXT AS country_code
FROM stg.olist__seller
WHERE
  quarantine_reason IS NULL
ORDER BY
  seller_id,
  source_file,
  row_number
