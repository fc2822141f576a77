MODEL (
  name stg.olist__order_review,
  kind VIEW,
  owner analytics_engineering,
  grain (source_file, row_number),
  tags (staging, olist),
  audits (
    not_null(columns := (source_file, row_number)),
    unique_combination_of_columns(columns := (source_file, row_number))
  ),
  description 'One row per answered survey as the file has it, typed, nothing dropped. Count only reviews without a quarantine_reason.'
);

/* A view, and order_id as it stands, so that a day's orders find their reviews by the raw table's index. */
SELECT
  _source_file::TEXT AS source_file,
  _row_number::BIGINT AS row_number,
  NULLIF(TRIM(review_id), '')::TEXT AS review_id, /* empty in places, shared by several orders in others */
  order_id::TEXT AS order_id,
  @CAST_OR_NULL(review_score, 'integer')::INT AS score,
  NULLIF(TRIM(review_comment_title), '')::TEXT AS title,
  NULLIF(TRIM(review_comment_message), '')::TEXT AS message,
  @CAST_OR_NULL(review_creation_date, 'timestamp')::DATE AS sent_date,
  (
    @CAST_OR_NULL(review_answer_timestamp, 'timestamp') AT TIME ZONE 'America/Sao_Paulo'
  )::TIMESTAMPTZ AS answered_at,
  @CAST_OR_NULL(review_answer_timestamp, 'timestamp')::DATE AS answered_date,
  @QUARANTINE_REASON(
    (order_id, 'text', TRUE),
    (review_score, 'integer', TRUE, '[1-5]'),
    (review_creation_date, 'timestamp', FALSE),
    (review_answer_timestamp, 'timestamp', FALSE)
  )::TEXT AS quarantine_reason
FROM raw_olist.order_review
