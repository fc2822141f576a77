MODEL (
  name stg.olist__order_payment,
  kind VIEW,
  owner analytics_engineering,
  grain (source_file, row_number),
  tags (staging, olist),
  audits (
    not_null(columns := (source_file, row_number)),
    unique_combination_of_columns(columns := (source_file, row_number))
  ),
  description 'One row per means of payment of an order as the file has it, typed, nothing dropped. Count only payments without a quarantine_reason.'
);

/* A view, and order_id as it stands, so that a day's orders find their payments by the raw table's index. */
SELECT
  _source_file::TEXT AS source_file,
  _row_number::BIGINT AS row_number,
  order_id::TEXT AS order_id,
  @CAST_OR_NULL(payment_sequential, 'integer')::INT AS payment_number,
  NULLIF(TRIM(payment_type), '')::TEXT AS method,
  @CAST_OR_NULL(payment_installments, 'integer')::INT AS instalment_count,
  @CAST_OR_NULL(payment_value, 'numeric(12, 4)')::DECIMAL(12, 4) AS paid_amount,
  'BRL'::TEXT AS currency,
  @QUARANTINE_REASON(
    (order_id, 'text', TRUE),
    (payment_sequential, 'integer', TRUE),
    (payment_type, 'text', TRUE),
    (payment_installments, 'integer', FALSE),
    (payment_value, 'numeric(12, 4)', TRUE, '[+]?[0-9.]+')
  )::TEXT AS quarantine_reason
FROM raw_olist.order_payment
