MODEL (
  name stg.store__pos_line,
  kind VIEW,
  owner analytics_engineering,
  grain (source_file, row_number),
  tags (staging, store),
  description 'One row per line of a receipt as the file has it, typed, nothing dropped. Which lines count says stg.store__judged_pos_line.'
);

/* The receipts' ids as they stand, so that a return finds its sale by the raw table's index. */
SELECT
  _source_file::TEXT AS source_file,
  _row_number::BIGINT AS row_number,
  _event_date::DATE AS order_date,
  receipt_id::TEXT AS receipt_id,
  @CAST_OR_NULL(line_number, 'integer')::INT AS line_number,
  NULLIF(TRIM(store_id), '')::TEXT AS store_id,
  (
    @CAST_OR_NULL(sold_at, 'timestamp') AT TIME ZONE 'Asia/Kolkata'
  )::TIMESTAMPTZ AS sold_at,
  NULLIF(TRIM(customer_id), '')::TEXT AS customer_id, /* empty where no loyalty card was shown */
  NULLIF(TRIM(product_id), '')::TEXT AS product_id,
  @CAST_OR_NULL(quantity, 'integer')::INT AS quantity,
  @CAST_OR_NULL(unit_price, 'numeric(12, 4)')::DECIMAL(12, 4) AS unit_price_amount, /* GST included */
  @CAST_OR_NULL(discount_amount, 'numeric(12, 4)')::DECIMAL(12, 4) AS discount_amount,
  @CAST_OR_NULL(tax_amount, 'numeric(12, 4)')::DECIMAL(12, 4) AS tax_amount,
  'INR'::TEXT AS currency,
  NULLIF(TRIM(promotion_code), '')::TEXT AS promotion_code,
  NULLIF(TRIM(payment_method), '')::TEXT AS payment_method,
  NULLIF(returned_receipt_id, '')::TEXT AS returned_receipt_id,
  @CAST_OR_NULL(returned_line_number, 'integer')::INT AS returned_line_number,
  CASE
    WHEN NOT ABS(@CAST_OR_NULL(quantity, 'integer')) BETWEEN 1 AND 10000
    THEN 'quantity_out_of_range'
  END::TEXT AS quality_flag, /* the line counts all the same */
  NULLIF(
    ARRAY_TO_STRING(
      ARRAY[
        @QUARANTINE_REASON(
          (receipt_id, 'text', TRUE),
          (line_number, 'integer', TRUE, '[0-9]{1,9}'),
          (store_id, 'text', TRUE),
          (sold_at, 'timestamp', TRUE),
          (product_id, 'text', TRUE),
          (quantity, 'integer', TRUE, '-?[0-9]{1,6}'),
          (unit_price, 'numeric(12, 4)', TRUE, FALSE),
          (discount_amount, 'numeric(12, 4)', TRUE, TRIM(quantity) LIKE '-%'),
          (tax_amount, 'numeric(12, 4)', TRUE, TRIM(quantity) LIKE '-%'),
          (payment_method, 'text', TRUE),
          (returned_line_number, 'integer', FALSE, '[0-9]{1,9}')
        ),
        CASE
          WHEN @CAST_OR_NULL(quantity, 'integer') <> 0
          AND @CAST_OR_NULL(unit_price, 'numeric(12, 4)') >= 0
          AND ABS(@CAST_OR_NULL(discount_amount, 'numeric(12, 4)')) > ABS(@CAST_OR_NULL(quantity, 'numeric') * @CAST_OR_NULL(unit_price, 'numeric(12, 4)'))
          THEN 'discount_amount ''' || LEFT(TRIM(discount_amount), 60) || ''' is more than the line costs'
        END
      ],
      '; '
    ),
    ''
  )::TEXT AS quarantine_reason
FROM raw_store.pos_line
