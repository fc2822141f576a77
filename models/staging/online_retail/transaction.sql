MODEL (
  name stg.online_retail__transaction,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column order_date
  ),
  owner analytics_engineering,
  signals (
    data_has_landed()
  ),
  grain (source_file, row_number),
  tags (staging, online_retail),
  audits (
    not_null(columns := (source_file, row_number, order_date)),
    unique_combination_of_columns(columns := (source_file, row_number)),
    staged_rows_match_raw(raw_table := raw_online_retail.transaction)
  ),
  description 'One row per line of a daily file, typed and trimmed, nothing dropped. Count only lines without a quarantine_reason and with copy_number 1.'
);

SELECT
  _source_file::TEXT AS source_file,
  _row_number::BIGINT AS row_number,
  _event_date::DATE AS order_date,
  NULLIF(TRIM(invoice), '')::TEXT AS invoice_id, /* 'C…' cancels, 'A…' adjusts bad debt */
  NULLIF(UPPER(TRIM(stock_code)), '')::TEXT AS stock_code, /* the clerks typed 85123a and 85123A for one product */
  NULLIF(TRIM(description), '')::TEXT AS description,
  @CAST_OR_NULL(quantity, 'integer')::INT AS quantity,
  @CAST_OR_NULL(price, 'numeric(12, 4)')::DECIMAL(12, 4) AS unit_price_amount,
  'GBP'::TEXT AS currency,
  NULLIF(REGEXP_REPLACE(TRIM(customer_id), '\.0$', ''), '')::TEXT AS customer_id, /* the file has 13085.0 */
  NULLIF(TRIM(country), '')::TEXT AS country_name,
  (
    ROW_NUMBER() OVER (
      PARTITION BY _event_date, invoice, stock_code, description, quantity, price, customer_id, country
      ORDER BY _source_file, _row_number
    )
  )::INT AS copy_number, /* 2 and more: an exact repetition of an earlier line of the day */
  @QUARANTINE_REASON(
    (invoice, 'text', TRUE),
    (stock_code, 'text', TRUE),
    (quantity, 'integer', TRUE, '-?[0-9]{1,6}'),
    (price, 'numeric(12, 4)', TRUE, TRIM(invoice) LIKE 'A%')
  )::TEXT AS quarantine_reason,
  CASE
    WHEN NOT TRIM(invoice) ~ '^[AC]?[0-9]{6}$'
    THEN 'malformed_invoice'
    WHEN NOT ABS(@CAST_OR_NULL(quantity, 'integer')) BETWEEN 1 AND 10000
    THEN 'quantity_out_of_range'
    WHEN @CAST_OR_NULL(quantity, 'integer') <= 0
    AND NOT TRIM(invoice) LIKE 'C%'
    AND @CAST_OR_NULL(price, 'numeric(12, 4)') <> 0
    THEN 'nonpositive_quantity' /* a cancellation and a stock movement, which has no price, may be */
  END::TEXT AS quality_flag /* the line counts all the same */
FROM raw_online_retail.transaction
WHERE
  _event_date BETWEEN @start_date AND @end_date;

@INDEX_ON(invoice_id);

@INDEX_ON(order_date)
