MODEL (
  name stg.online_retail__to_product,
  kind EMBEDDED,
  owner analytics_engineering,
  grain (source, product_id, observed_at),
  tags (staging, online_retail, mapping),
  description 'One row per stock code. Its name is the description that most of its lines with a price carry: on the others clerks typed remarks (damaged, ?).'
);

WITH described AS (
  SELECT
    stock_code,
    CASE WHEN unit_price_amount > 0 THEN description END AS description, /* without a price it is a remark */
    COUNT(*) AS line_count,
    MIN(order_date) AS first_date
  FROM stg.online_retail__transaction
  WHERE
    quarantine_reason IS NULL
  GROUP BY
    1,
    2
), named AS (
  SELECT DISTINCT ON (stock_code)
    stock_code,
    description,
    MIN(first_date) OVER (PARTITION BY stock_code) AS first_date
  FROM described
  ORDER BY
    stock_code,
    description IS NULL,
    line_count DESC,
    description
)
SELECT
  'online_retail'::TEXT AS source,
  named.stock_code::TEXT AS product_id,
  0::BIGINT AS change_number,
  (
    named.first_date::TIMESTAMP AT TIME ZONE 'Europe/London'
  )::TIMESTAMPTZ AS observed_at,
  FALSE::BOOLEAN AS is_deleted,
  named.description::TEXT AS product_name,
  COALESCE(class.line_kind, 'product')::TEXT AS product_kind,
  NULL::TEXT AS category,
  NULL::TEXT AS brand,
  NULL::DECIMAL(18, 4) AS list_price_amount,
  NULL::DECIMAL(18, 4) AS cost_amount,
  NULL::DECIMAL(9, 6) AS tax_rate,
  'GBP'::TEXT AS currency,
  NULL::DECIMAL(18, 3) AS weight_g,
  NULL::DECIMAL(18, 3) AS length_cm,
  NULL::DECIMAL(18, 3) AS height_cm,
  NULL::DECIMAL(18, 3) AS width_cm,
  NULL::INT AS photo_count
FROM named
LEFT JOIN seed.stock_code_class AS class
  ON class.stock_code = named.stock_code
