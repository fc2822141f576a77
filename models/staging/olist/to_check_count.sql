MODEL (
  name stg.olist__to_check_count,
  kind EMBEDDED,
  owner analytics_engineering,
  grain (source, table_name, column_name, check_name, event_date),
  tags (staging, olist, mapping),
  description 'One row per table, check, column that it is about (* for the whole row) and day: how many rows were tested, how many failed, and a numeric column''s mean. Only orders have a day of their own; the other tables are counted whole, without a day, and their columns by the day of the order too.'
);

WITH placed AS (
  SELECT
    "order".*,
    @QUARANTINE_RULE("order".quarantine_reason) AS rule_name,
    NOT EXISTS(
      SELECT
        1
      FROM stg.olist__customer AS customer
      WHERE
        customer.order_customer_id = "order".customer_id
        AND customer.quarantine_reason IS NULL
    ) AS is_unknown_customer
  FROM stg.olist__order AS "order"
), placed_count AS (
  SELECT
    order_date,
    COUNT(*) AS tested_count,
    COUNT(*) FILTER(WHERE
      NOT quarantine_reason IS NULL AND rule_name = 'missing_value') AS missing_value_count,
    COUNT(*) FILTER(WHERE
      NOT quarantine_reason IS NULL AND rule_name = 'invalid_value') AS invalid_value_count,
    COUNT(*) FILTER(WHERE
      quarantine_reason IS NULL AND copy_number > 1) AS duplicate_row_count,
    COUNT(*) FILTER(WHERE
      is_unknown_customer) AS missing_customer_count,
    COUNT(*) - COUNT(approved_at) AS empty_approved_count,
    COUNT(*) - COUNT(handed_over_at) AS empty_handed_over_count,
    COUNT(*) - COUNT(delivered_at) AS empty_delivered_count,
    COUNT(*) - COUNT(promised_date) AS empty_promised_count
  FROM placed
  GROUP BY
    order_date
), accepted_order AS (
  SELECT
    order_id,
    MIN(order_date) AS order_date
  FROM placed
  WHERE
    quarantine_reason IS NULL
  GROUP BY
    order_id
), child AS MATERIALIZED (
  /* Why a row is held back is worked out once, not in each column that asks. */
  SELECT
    'order_item' AS table_name,
    order_id,
    quarantine_reason,
    item_number::TEXT AS number_in_order
  FROM stg.olist__order_item
  UNION ALL
  SELECT
    'order_payment',
    order_id,
    quarantine_reason,
    payment_number::TEXT
  FROM stg.olist__order_payment
  UNION ALL
  SELECT
    'order_review',
    order_id,
    quarantine_reason,
    source_file || ':' || row_number /* an order may have several, none repeats another */
  FROM stg.olist__order_review
), judged AS (
  SELECT
    child.table_name,
    child.quarantine_reason IS NULL AND accepted_order.order_id IS NULL AS is_orphan,
    CASE
      WHEN NOT child.quarantine_reason IS NULL
      THEN @QUARANTINE_RULE(child.quarantine_reason)
    END AS rule_name,
    child.quarantine_reason IS NULL
    AND NOT accepted_order.order_id IS NULL
    AND ROW_NUMBER() OVER (
      PARTITION BY child.table_name, child.order_id, child.number_in_order
      ORDER BY NOT child.quarantine_reason IS NULL
    ) > 1 AS is_repeated
  FROM child
  LEFT JOIN accepted_order
    ON accepted_order.order_id = child.order_id
  UNION ALL
  SELECT
    'customer',
    FALSE,
    CASE
      WHEN NOT quarantine_reason IS NULL
      THEN @QUARANTINE_RULE(quarantine_reason)
    END,
    FALSE
  FROM stg.olist__customer
  UNION ALL
  SELECT
    'product',
    FALSE,
    CASE
      WHEN NOT quarantine_reason IS NULL
      THEN @QUARANTINE_RULE(quarantine_reason)
    END,
    FALSE
  FROM stg.olist__product
  UNION ALL
  SELECT
    'seller',
    FALSE,
    CASE
      WHEN NOT quarantine_reason IS NULL
      THEN @QUARANTINE_RULE(quarantine_reason)
    END,
    FALSE
  FROM stg.olist__seller
  UNION ALL
  SELECT
    'geolocation',
    FALSE,
    CASE
      WHEN NOT quarantine_reason IS NULL
      THEN @QUARANTINE_RULE(quarantine_reason)
    END,
    FALSE
  FROM stg.olist__geolocation
  UNION ALL
  SELECT
    'category_translation',
    FALSE,
    CASE
      WHEN NOT quarantine_reason IS NULL
      THEN @QUARANTINE_RULE(quarantine_reason)
    END,
    FALSE
  FROM stg.olist__category_translation
), whole_count AS (
  SELECT
    table_name,
    table_name IN ('order_item', 'order_payment', 'order_review') AS is_child,
    COUNT(*) AS tested_count,
    COUNT(*) FILTER(WHERE
      rule_name = 'missing_value') AS missing_value_count,
    COUNT(*) FILTER(WHERE
      rule_name = 'invalid_value') AS invalid_value_count,
    COUNT(*) FILTER(WHERE
      rule_name = 'negative_price') AS negative_price_count,
    COUNT(*) FILTER(WHERE
      is_orphan) AS orphan_count,
    COUNT(*) FILTER(WHERE
      is_repeated) AS repeated_count
  FROM judged
  GROUP BY
    table_name
), item_count AS (
  SELECT
    accepted_order.order_date,
    COUNT(*) AS tested_count,
    COUNT(*) - COUNT(item.price_amount) AS empty_price_count,
    COUNT(*) - COUNT(item.freight_amount) AS empty_freight_count,
    AVG(item.price_amount) AS mean_price,
    AVG(item.freight_amount) AS mean_freight
  FROM accepted_order
  JOIN stg.olist__order_item AS item
    ON item.order_id = accepted_order.order_id
  GROUP BY
    accepted_order.order_date
), review_count AS (
  SELECT
    accepted_order.order_date,
    COUNT(*) AS tested_count,
    COUNT(*) - COUNT(review.review_id) AS empty_review_id_count,
    COUNT(*) - COUNT(review.score) AS empty_score_count,
    COUNT(*) - COUNT(review.message) AS empty_message_count,
    AVG(review.score) AS mean_score
  FROM accepted_order
  JOIN stg.olist__order_review AS review
    ON review.order_id = accepted_order.order_id
  GROUP BY
    accepted_order.order_date
), product_count AS (
  SELECT
    COUNT(*) AS tested_count,
    COUNT(*) - COUNT(source_category) AS empty_category_count,
    COUNT(*) - COUNT(weight_g) AS empty_weight_count,
    AVG(weight_g) AS mean_weight
  FROM stg.olist__product
), checked AS (
  SELECT
    'order' AS table_name,
    checked.check_name,
    checked.column_name,
    placed_count.order_date AS event_date,
    placed_count.tested_count,
    checked.failed_count,
    NULL::DECIMAL AS mean_value
  FROM placed_count
  CROSS JOIN LATERAL (
    VALUES
      ('missing_value', '*', missing_value_count),
      ('invalid_value', '*', invalid_value_count),
      ('duplicate_row', '*', duplicate_row_count),
      ('missing_customer', '*', missing_customer_count),
      ('completeness', 'order_approved_at', empty_approved_count),
      ('completeness', 'order_delivered_carrier_date', empty_handed_over_count),
      ('completeness', 'order_delivered_customer_date', empty_delivered_count),
      ('completeness', 'order_estimated_delivery_date', empty_promised_count)
  ) AS checked(check_name, column_name, failed_count)
  UNION ALL
  SELECT
    whole_count.table_name,
    checked.check_name,
    '*',
    NULL,
    whole_count.tested_count,
    checked.failed_count,
    NULL
  FROM whole_count
  CROSS JOIN LATERAL (
    VALUES
      ('missing_value', TRUE, missing_value_count),
      ('invalid_value', TRUE, invalid_value_count),
      (
        'negative_price',
        table_name IN ('order_item', 'order_payment'),
        negative_price_count
      ),
      ('orphan_reference', is_child, orphan_count),
      ('duplicate_row', is_child, repeated_count)
  ) AS checked(check_name, is_asked, failed_count)
  WHERE
    checked.is_asked
  UNION ALL
  SELECT
    'order_item',
    'completeness',
    checked.column_name,
    item_count.order_date,
    item_count.tested_count,
    checked.failed_count,
    checked.mean_value
  FROM item_count
  CROSS JOIN LATERAL (
    VALUES
      ('price', empty_price_count, mean_price),
      ('freight_value', empty_freight_count, mean_freight)
  ) AS checked(column_name, failed_count, mean_value)
  UNION ALL
  SELECT
    'order_review',
    'completeness',
    checked.column_name,
    review_count.order_date,
    review_count.tested_count,
    checked.failed_count,
    checked.mean_value
  FROM review_count
  CROSS JOIN LATERAL (
    VALUES
      ('review_id', empty_review_id_count, NULL),
      ('review_score', empty_score_count, mean_score),
      ('review_comment_message', empty_message_count, NULL)
  ) AS checked(column_name, failed_count, mean_value)
  UNION ALL
  SELECT
    'product',
    'completeness',
    checked.column_name,
    NULL,
    product_count.tested_count,
    checked.failed_count,
    checked.mean_value
  FROM product_count
  CROSS JOIN LATERAL (
    VALUES
      ('product_category_name', empty_category_count, NULL),
      ('product_weight_g', empty_weight_count, mean_weight)
  ) AS checked(column_name, failed_count, mean_value)
)
SELECT
  'olist'::TEXT AS source,
  table_name::TEXT AS table_name,
  column_name::TEXT AS column_name,
  check_name::TEXT AS check_name,
  event_date::DATE AS event_date,
  tested_count::BIGINT AS tested_count,
  failed_count::BIGINT AS failed_count,
  mean_value::DOUBLE PRECISION AS mean_value
FROM checked
WHERE
  tested_count > 0
