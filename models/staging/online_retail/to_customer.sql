MODEL (
  name stg.online_retail__to_customer,
  kind EMBEDDED,
  owner analytics_engineering,
  grain (source, customer_id, observed_at),
  tags (staging, online_retail, mapping),
  description 'One row per customer and day with an invoice: what the day''s last line says of the customer.'
);

SELECT DISTINCT ON (line.customer_id, line.order_date)
  'online_retail'::TEXT AS source,
  line.customer_id::TEXT AS customer_id,
  0::BIGINT AS change_number, /* no log: the day orders them */
  (
    line.order_date::TIMESTAMP AT TIME ZONE 'Europe/London'
  )::TIMESTAMPTZ AS observed_at,
  FALSE::BOOLEAN AS is_deleted,
  NULL::TEXT AS postal_prefix,
  NULL::TEXT AS city,
  NULL::TEXT AS state,
  country.country_code::TEXT AS country_code,
  NULL::BOOLEAN AS has_marketing_consent
FROM stg.online_retail__transaction AS line
LEFT JOIN seed.country AS country
  ON country.country_name = line.country_name
WHERE
  line.quarantine_reason IS NULL AND NOT line.customer_id IS NULL
ORDER BY
  line.customer_id,
  line.order_date,
  line.source_file DESC,
  line.row_number DESC
