MODEL (
  name stg.store__product_feed,
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
    staged_rows_match_raw(raw_table := raw_store.product_feed, staged_on := event_date)
  ),
  description 'One row per event of the catalogue''s log as the file has it, typed, nothing dropped. Count only events without a quarantine_reason and with copy_number 1.'
);

WITH typed AS (
  SELECT
    _source_file::TEXT AS source_file,
    _row_number::BIGINT AS row_number,
    _event_date::DATE AS event_date,
    TRIM(operation)::TEXT AS operation,
    @CAST_OR_NULL(sequence, 'bigint')::BIGINT AS change_number,
    @CAST_OR_NULL(updated_at, 'timestamptz')::TIMESTAMPTZ AS observed_at,
    NULLIF(TRIM(product_id), '')::TEXT AS product_id,
    NULLIF(TRIM(name), '')::TEXT AS product_name,
    NULLIF(TRIM(category), '')::TEXT AS category,
    NULLIF(TRIM(brand), '')::TEXT AS brand,
    @CAST_OR_NULL(list_price, 'numeric(12, 4)')::DECIMAL(12, 4) AS list_price_amount, /* GST included */
    @CAST_OR_NULL(cost, 'numeric(12, 4)')::DECIMAL(12, 4) AS cost_amount,
    'INR'::TEXT AS currency,
    (
      @CAST_OR_NULL(tax_percent, 'numeric(7, 4)') / 100
    )::DECIMAL(9, 6) AS tax_rate,
    @CAST_OR_NULL(weight_g, 'numeric(15, 3)')::DECIMAL(18, 3) AS weight_g,
    CASE
      WHEN TRIM(operation) = 'delete' /* it gives the key only */
      THEN @QUARANTINE_REASON(
        (sequence, 'bigint', TRUE),
        (updated_at, 'timestamptz', TRUE),
        (product_id, 'text', TRUE)
      )
      ELSE @QUARANTINE_REASON(
        (operation, 'text', TRUE, 'insert|update|delete'),
        (sequence, 'bigint', TRUE),
        (updated_at, 'timestamptz', TRUE),
        (product_id, 'text', TRUE),
        (name, 'text', TRUE),
        (list_price, 'numeric(12, 4)', TRUE, FALSE),
        (cost, 'numeric(12, 4)', FALSE, FALSE),
        (tax_percent, 'numeric(7, 4)', FALSE, '[0-9]{1,2}(\.[0-9]*)?|100(\.0*)?'),
        (weight_g, 'numeric(15, 3)', FALSE)
      )
    END::TEXT AS quarantine_reason
  FROM raw_store.product_feed
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
  product_id::TEXT AS product_id,
  product_name::TEXT AS product_name,
  category::TEXT AS category,
  brand::TEXT AS brand,
  list_price_amount::DECIMAL(12, 4) AS list_price_amount, /* GST included */
  cost_amount::DECIMAL(12, 4) AS cost_amount,
  currency::TEXT AS currency,
  tax_rate::DECIMAL(9, 6) AS tax_rate,
  weight_g::DECIMAL(18, 3) AS weight_g,
  (
    ROW_NUMBER() OVER (
      PARTITION BY event_date, product_id, change_number, quarantine_reason IS NULL
      ORDER BY source_file, row_number
    )
  )::INT AS copy_number, /* 2 and more: the same event again */
  quarantine_reason::TEXT AS quarantine_reason
FROM typed
WHERE
  event_date BETWEEN @start_date AND @end_date;

@INDEX_ON(event_date)
