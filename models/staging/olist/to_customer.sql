MODEL (
  name stg.olist__to_customer,
  kind EMBEDDED,
  owner analytics_engineering,
  grain (source, customer_id, observed_at),
  tags (staging, olist, mapping),
  description 'One row per person and instant of an order: the address that the order went to.'
);

SELECT DISTINCT ON (customer.customer_id, "order".ordered_at)
  'olist'::TEXT AS source,
  customer.customer_id::TEXT AS customer_id,
  0::BIGINT AS change_number, /* no log: the instant orders them */
  "order".ordered_at::TIMESTAMPTZ AS observed_at,
  FALSE::BOOLEAN AS is_deleted,
  customer.postal_prefix::TEXT AS postal_prefix,
  customer.city::TEXT AS city,
  customer.state::TEXT AS state,
  'BR'::TEXT AS country_code,
  NULL::BOOLEAN AS has_marketing_consent
FROM stg.olist__order AS "order"
JOIN stg.olist__customer AS customer
  ON customer.order_customer_id = "order".customer_id
WHERE
  "order".quarantine_reason IS NULL
  AND "order".copy_number = 1
  AND customer.quarantine_reason IS NULL
ORDER BY
  customer.customer_id,
  "order".ordered_at,
  "order".order_id DESC,
  customer.row_number
