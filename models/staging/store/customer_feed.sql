MODEL (
  name stg.store__customer_feed,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column event_date
  ),
  owner analytics_engineering,
  signals (
    data_has_landed()
  ),
  grain (source_file, row_number),
  tags (staging, store),
  audits (
    not_null(columns := (source_file, row_number, event_date)),
    unique_combination_of_columns(columns := (source_file, row_number)),
    staged_rows_match_raw(raw_table := raw_store.customer_feed, staged_on := event_date)
  ),
  description 'One row per event of the customers'' log as the file has it, typed, nothing dropped, personal values hashed or left behind. Count only events without a quarantine_reason and with copy_number 1.'
);

WITH typed AS (
  SELECT
    _source_file::TEXT AS source_file,
    _row_number::BIGINT AS row_number,
    _event_date::DATE AS event_date,
    TRIM(operation)::TEXT AS operation,
    @CAST_OR_NULL(sequence, 'bigint')::BIGINT AS change_number,
    @CAST_OR_NULL(updated_at, 'timestamptz')::TIMESTAMPTZ AS observed_at,
    NULLIF(TRIM(customer_id), '')::TEXT AS customer_id,
    @PSEUDONYM(LOWER(name))::TEXT AS name_hash,
    @PSEUDONYM(LOWER(email))::TEXT AS email_hash,
    @PSEUDONYM(phone)::TEXT AS phone_hash,
    NULLIF(TRIM(city), '')::TEXT AS city,
    NULLIF(TRIM(state), '')::TEXT AS state,
    NULLIF(LEFT(TRIM(postal_code), 3), '')::TEXT AS postal_prefix,
    @CAST_OR_NULL(marketing_consent, 'boolean')::BOOLEAN AS has_marketing_consent,
    @QUARANTINE_REASON(
      (operation, 'text', TRUE, 'insert|update|delete'),
      (sequence, 'bigint', TRUE),
      (updated_at, 'timestamptz', TRUE),
      (customer_id, 'text', TRUE),
      (marketing_consent, 'text', FALSE, 'true|false')
    )::TEXT AS quarantine_reason /* a name, an address or a region may be missing, as those of who was erased are */
  FROM raw_store.customer_feed
  WHERE
    _event_date BETWEEN @start_date AND @end_date
  OFFSET 0 /* a fence: without it Postgres works the reason out once more for copy_number */
)
SELECT
  source_file::TEXT AS source_file,
  row_number::BIGINT AS row_number,
  event_date::DATE AS event_date,
  operation::TEXT AS operation, /* insert, update or delete */
  change_number::BIGINT AS change_number,
  observed_at::TIMESTAMPTZ AS observed_at,
  customer_id::TEXT AS customer_id,
  name_hash::TEXT AS name_hash,
  email_hash::TEXT AS email_hash,
  phone_hash::TEXT AS phone_hash,
  city::TEXT AS city,
  state::TEXT AS state,
  postal_prefix::TEXT AS postal_prefix,
  has_marketing_consent::BOOLEAN AS has_marketing_consent,
  (
    ROW_NUMBER() OVER (
      PARTITION BY event_date, customer_id, change_number, quarantine_reason IS NULL
      ORDER BY source_file, row_number
    )
  )::INT AS copy_number, /* 2 and more: the same event again */
  quarantine_reason::TEXT AS quarantine_reason
FROM typed
WHERE
  event_date BETWEEN @start_date AND @end_date;

@INDEX_ON(event_date)
