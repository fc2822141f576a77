MODEL (
  name stg.olist__order,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column order_date
  ),
  owner analytics_engineering,
  signals (
    data_has_landed()
  ),
  grain (source_file, row_number),
  tags (staging, olist),
  audits (
    not_null(columns := (source_file, row_number, order_date)),
    unique_combination_of_columns(columns := (source_file, row_number)),
    staged_rows_match_raw(raw_table := raw_olist."order")
  ),
  description 'One row per order as the file has it, typed, nothing dropped. Count only orders without a quarantine_reason and with copy_number 1.'
);

WITH typed AS (
  SELECT
    _source_file::TEXT AS source_file,
    _row_number::BIGINT AS row_number,
    _event_date::DATE AS order_date,
    NULLIF(TRIM(order_id), '')::TEXT AS order_id,
    NULLIF(TRIM(customer_id), '')::TEXT AS customer_id, /* one per order; the person is in stg.olist__customer */
    CASE TRIM(order_status) WHEN 'canceled' THEN 'cancelled' ELSE TRIM(order_status) END::TEXT AS status,
    (
      @CAST_OR_NULL(order_purchase_timestamp, 'timestamp') AT TIME ZONE 'America/Sao_Paulo'
    )::TIMESTAMPTZ AS ordered_at,
    (
      @CAST_OR_NULL(order_approved_at, 'timestamp') AT TIME ZONE 'America/Sao_Paulo'
    )::TIMESTAMPTZ AS approved_at,
    (
      @CAST_OR_NULL(order_delivered_carrier_date, 'timestamp') AT TIME ZONE 'America/Sao_Paulo'
    )::TIMESTAMPTZ AS handed_over_at,
    (
      @CAST_OR_NULL(order_delivered_customer_date, 'timestamp') AT TIME ZONE 'America/Sao_Paulo'
    )::TIMESTAMPTZ AS delivered_at,
    @CAST_OR_NULL(order_delivered_customer_date, 'timestamp')::DATE AS delivered_date,
    @CAST_OR_NULL(order_estimated_delivery_date, 'timestamp')::DATE AS promised_date,
    @QUARANTINE_REASON(
      (order_id, 'text', TRUE),
      (customer_id, 'text', TRUE),
      (
        order_status,
        'text',
        TRUE,
        'created|approved|invoiced|processing|shipped|delivered|canceled|unavailable'
      ),
      (order_purchase_timestamp, 'timestamp', TRUE),
      (order_approved_at, 'timestamp', FALSE),
      (order_delivered_carrier_date, 'timestamp', FALSE),
      (order_delivered_customer_date, 'timestamp', FALSE),
      (order_estimated_delivery_date, 'timestamp', FALSE)
    )::TEXT AS quarantine_reason
  FROM raw_olist."order"
  WHERE
    _event_date BETWEEN @start_date AND @end_date
)
SELECT
  source_file::TEXT AS source_file,
  row_number::BIGINT AS row_number,
  order_date::DATE AS order_date,
  order_id::TEXT AS order_id,
  customer_id::TEXT AS customer_id, /* one per order; the person is in stg.olist__customer */
  status::TEXT AS status,
  ordered_at::TIMESTAMPTZ AS ordered_at,
  approved_at::TIMESTAMPTZ AS approved_at,
  handed_over_at::TIMESTAMPTZ AS handed_over_at,
  delivered_at::TIMESTAMPTZ AS delivered_at,
  delivered_date::DATE AS delivered_date,
  promised_date::DATE AS promised_date,
  (
    ROW_NUMBER() OVER (
      PARTITION BY order_date, order_id, quarantine_reason IS NULL
      ORDER BY source_file, row_number
    )
  )::INT AS copy_number, /* 2 and more: a usable order again, on the same day */
  quarantine_reason::TEXT AS quarantine_reason
FROM typed;

@INDEX_ON(order_date);

@INDEX_ON(order_id)
