MODEL (
  name stg.olist__customer,
  kind VIEW,
  owner analytics_engineering,
  grain (source_file, row_number),
  tags (staging, olist),
  audits (
    not_null(columns := (source_file, row_number)),
    unique_combination_of_columns(columns := (source_file, row_number))
  ),
  description 'One row per order''s customer entry as the file has it, trimmed, nothing dropped: the person and the address of that order.'
);

/* A view, and customer_id as it stands, so that a day's orders find their customer by the raw table's index. */
SELECT
  _source_file::TEXT AS source_file,
  _row_number::BIGINT AS row_number,
  customer_id::TEXT AS order_customer_id, /* one per order */
  NULLIF(TRIM(customer_unique_id), '')::TEXT AS customer_id, /* the person */
  NULLIF(TRIM(customer_zip_code_prefix), '')::TEXT AS postal_prefix,
  NULLIF(TRIM(customer_city), '')::TEXT AS city,
  NULLIF(TRIM(customer_state), '')::TEXT AS state,
  @QUARANTINE_REASON((customer_id, 'text', TRUE), (customer_unique_id, 'text', TRUE))::TEXT AS quarantine_reason
FROM raw_olist.customer
