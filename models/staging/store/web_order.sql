MODEL (
  name stg.store__web_order,
  kind VIEW,
  owner analytics_engineering,
  grain (source_file, row_number),
  tags (staging, store),
  description 'One row per document of a web order as the file has it, typed, nothing dropped. A fault in one of its lines is a fault of the document. Which documents count says stg.store__judged_web_order.'
);

/* order_id as it stands, so that what belongs to an order finds it by the raw table's index. */
SELECT
  raw._source_file::TEXT AS source_file,
  raw._row_number::BIGINT AS row_number,
  raw._event_date::DATE AS order_date,
  raw.order_id::TEXT AS order_id,
  @CAST_OR_NULL(raw.sequence, 'integer')::BIGINT AS change_number, /* the highest one is the order as it stands */
  @CAST_OR_NULL(raw.updated_at, 'timestamptz')::TIMESTAMPTZ AS updated_at,
  NULLIF(TRIM(raw.status), '')::TEXT AS status,
  @CAST_OR_NULL(raw.placed_at, 'timestamptz')::TIMESTAMPTZ AS placed_at,
  NULLIF(TRIM(raw.customer_id), '')::TEXT AS customer_id,
  NULLIF(TRIM(raw.currency), '')::TEXT AS currency,
  NULLIF(TRIM(raw.warehouse_id), '')::TEXT AS warehouse_id,
  @CAST_OR_NULL(raw.promised_date, 'date')::DATE AS promised_date,
  @CAST_OR_NULL(raw.shipping_fee, 'numeric(12, 4)')::DECIMAL(12, 4) AS shipping_amount,
  NULLIF(TRIM(parsed.payment_method), '')::TEXT AS payment_method,
  NULLIF(TRIM(parsed.payment_status), '')::TEXT AS payment_status,
  @CAST_OR_NULL(parsed.payment_amount, 'numeric(12, 4)')::DECIMAL(12, 4) AS paid_amount, /* lines and shipping */
  @CAST_OR_NULL(parsed.refunded_amount, 'numeric(12, 4)')::DECIMAL(12, 4) AS refunded_amount,
  parsed.lines::JSONB AS lines,
  CASE WHEN nested.is_out_of_range THEN 'quantity_out_of_range' END::TEXT AS quality_flag, /* the order counts all the same */
  NULLIF(
    ARRAY_TO_STRING(
      ARRAY[
        @QUARANTINE_REASON(
          (raw.order_id, 'text', TRUE),
          (raw.sequence, 'integer', TRUE, '[0-9]{1,9}'),
          (raw.updated_at, 'timestamptz', TRUE),
          (
            raw.status,
            'text',
            TRUE,
            'placed|paid|packed|shipped|delivered|cancelled|returned'
          ),
          (raw.placed_at, 'timestamptz', TRUE),
          (raw.currency, 'text', TRUE, 'INR'),
          (raw.warehouse_id, 'text', TRUE),
          (raw.promised_date, 'date', FALSE),
          (raw.shipping_fee, 'numeric(12, 4)', TRUE, FALSE),
          (parsed.payment_method, 'text', TRUE),
          (parsed.payment_status, 'text', TRUE, 'pending|captured|refunded|void'),
          (parsed.payment_amount, 'numeric(12, 4)', TRUE, FALSE),
          (parsed.refunded_amount, 'numeric(12, 4)', TRUE, FALSE)
        ),
        CASE WHEN nested.line_count = 0 THEN 'lines is missing' END,
        nested.reason
      ],
      '; '
    ),
    ''
  )::TEXT AS quarantine_reason
FROM raw_store.web_order AS raw
CROSS JOIN LATERAL (
  SELECT
    document.lines,
    document.payment ->> 'method' AS payment_method,
    document.payment ->> 'status' AS payment_status,
    document.payment ->> 'amount' AS payment_amount,
    document.payment ->> 'refunded_amount' AS refunded_amount
  FROM (
    SELECT
      CASE WHEN PG_INPUT_IS_VALID(raw.payment, 'jsonb') THEN raw.payment::JSONB END AS payment,
      CASE
        WHEN PG_INPUT_IS_VALID(raw.lines, 'jsonb')
        THEN CASE WHEN JSONB_TYPEOF(raw.lines::JSONB) = 'array' THEN raw.lines::JSONB END
      END AS lines
    OFFSET 0 /* a fence: each text is read once */
  ) AS document
) AS parsed
CROSS JOIN LATERAL (
  SELECT
    COUNT(*) AS line_count,
    BOOL_OR(NOT line.pieces BETWEEN 1 AND 10000) AS is_out_of_range,
    STRING_AGG(line.reason || ' (line ' || line.place || ')', '; '
    ORDER BY
      line.place) AS reason
  FROM (
    SELECT
      content.place,
      content.pieces,
      NULLIF(
        ARRAY_TO_STRING(
          ARRAY[
            @QUARANTINE_REASON(
              (content.line_number, 'integer', TRUE, '[0-9]{1,9}'),
              (content.product_id, 'text', TRUE),
              (content.quantity, 'integer', TRUE, '[0-9]{1,6}'),
              (content.unit_price, 'numeric(12, 4)', TRUE, FALSE),
              (content.discount_amount, 'numeric(12, 4)', TRUE, FALSE),
              (content.tax_amount, 'numeric(12, 4)', TRUE, FALSE),
              (content.returned_quantity, 'integer', TRUE, '[0-9]{1,6}')
            ),
            CASE
              WHEN content.copy_number > 1
              THEN 'line_number ''' || content.line_number || ''' is not the first of that number'
            END,
            CASE
              WHEN @CAST_OR_NULL(content.returned_quantity, 'integer') > content.pieces
              THEN 'returned_quantity ''' || content.returned_quantity || ''' is more than was sold'
            END,
            CASE
              WHEN content.pieces > 0
              AND @CAST_OR_NULL(content.discount_amount, 'numeric(12, 4)') > content.pieces * @CAST_OR_NULL(content.unit_price, 'numeric(12, 4)')
              THEN 'discount_amount ''' || content.discount_amount || ''' is more than the line costs'
            END
          ],
          '; '
        ),
        ''
      ) AS reason
    FROM (
      SELECT
        element.place,
        element.content ->> 'line_number' AS line_number,
        element.content ->> 'product_id' AS product_id,
        element.content ->> 'quantity' AS quantity,
        element.content ->> 'unit_price' AS unit_price,
        element.content ->> 'discount_amount' AS discount_amount,
        element.content ->> 'tax_amount' AS tax_amount,
        element.content ->> 'returned_quantity' AS returned_quantity,
        @CAST_OR_NULL(element.content ->> 'quantity', 'integer')::INT AS pieces,
        ROW_NUMBER() OVER (PARTITION BY element.content ->> 'line_number' ORDER BY element.place) AS copy_number
      FROM JSONB_ARRAY_ELEMENTS(parsed.lines) WITH ORDINALITY AS element(content, place)
    ) AS content
    OFFSET 0
  ) AS line
) AS nested
