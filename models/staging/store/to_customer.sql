MODEL (
  name stg.store__to_customer,
  kind EMBEDDED,
  owner analytics_engineering,
  grain (source, customer_id, change_number),
  tags (staging, store, mapping),
  description 'One row per event of the customers'' log that counts. A delete tells nothing but that it happened.'
);

SELECT
  'store'::TEXT AS source,
  customer_id::TEXT AS customer_id,
  change_number::BIGINT AS change_number,
  observed_at::TIMESTAMPTZ AS observed_at,
  (
    operation = 'delete'
  )::BOOLEAN AS is_deleted,
  postal_prefix::TEXT AS postal_prefix,
  city::TEXT AS city,
  state::TEXT AS state,
  'IN'::TEXT AS country_code,
  has_marketing_consent::BOOLEAN AS has_marketing_consent
FROM stg.store__customer_feed
WHERE
  quarantine_reason IS NULL AND copy_number = 1
