MODEL (
  name stg.olist__to_reference,
  kind EMBEDDED,
  owner analytics_engineering,
  grain (source, table_name, source_file, row_number),
  tags (staging, olist, mapping),
  description 'One row per item, payment and review whose order is there, with the file that brought the order. Held back for another reason or not: who reads it leaves those out.'
);

WITH accepted_order AS (
  SELECT
    source_file,
    order_id,
    order_date
  FROM stg.olist__order
  WHERE
    quarantine_reason IS NULL AND copy_number = 1
), child AS (
  SELECT
    'order_item' AS table_name,
    source_file,
    row_number,
    order_id
  FROM stg.olist__order_item
  UNION ALL
  SELECT
    'order_payment',
    source_file,
    row_number,
    order_id
  FROM stg.olist__order_payment
  UNION ALL
  SELECT
    'order_review',
    source_file,
    row_number,
    order_id
  FROM stg.olist__order_review
)
SELECT
  'olist'::TEXT AS source,
  child.table_name::TEXT AS table_name,
  child.source_file::TEXT AS source_file,
  child.row_number::BIGINT AS row_number,
  accepted_order.order_date::DATE AS event_date,
  'order'::TEXT AS parent_table,
  accepted_order.source_file::TEXT AS parent_file,
  accepted_order.order_id::TEXT AS parent_id
FROM child
JOIN accepted_order
  ON accepted_order.order_id = child.order_id
