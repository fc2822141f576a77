MODEL (
  name stg.store__to_check_count,
  kind EMBEDDED,
  owner analytics_engineering,
  grain (source, table_name, column_name, check_name, event_date),
  tags (staging, store, mapping),
  description 'One row per table, check, column that it is about (* for the whole row) and day: how many rows were tested, how many failed, and a numeric column''s mean. Stores and warehouses have no day and are counted whole.'
);

WITH judged AS (
  /* Files are named after the day on which they were written: a row of an earlier day came late. */
  SELECT
    'pos_line' AS table_name,
    order_date AS event_date,
    rule_name,
    quality_flag,
    copy_number,
    customer_id IS NULL AS is_without_customer,
    SUBSTRING(source_file FROM '[0-9]{4}-[0-9]{2}-[0-9]{2}')::DATE > order_date AS is_late
  FROM stg.store__judged_pos_line
  UNION ALL
  SELECT
    'web_order',
    order_date,
    rule_name,
    quality_flag,
    copy_number,
    customer_id IS NULL,
    SUBSTRING(source_file FROM '[0-9]{4}-[0-9]{2}-[0-9]{2}')::DATE > (
      updated_at AT TIME ZONE 'Asia/Kolkata'
    )::DATE
  FROM stg.store__judged_web_order
  UNION ALL
  SELECT
    'shipment',
    handed_over_date,
    rule_name,
    quality_flag,
    copy_number,
    NULL,
    SUBSTRING(source_file FROM '[0-9]{4}-[0-9]{2}-[0-9]{2}')::DATE > COALESCE(delivered_date, handed_over_date)
  FROM stg.store__judged_shipment
  UNION ALL
  SELECT
    'stock',
    snapshot_date,
    rule_name,
    quality_flag,
    copy_number,
    NULL,
    SUBSTRING(source_file FROM '[0-9]{4}-[0-9]{2}-[0-9]{2}')::DATE > snapshot_date
  FROM stg.store__judged_stock
  UNION ALL
  SELECT
    'rating',
    rated_date,
    rule_name,
    quality_flag,
    copy_number,
    NULL,
    SUBSTRING(source_file FROM '[0-9]{4}-[0-9]{2}-[0-9]{2}')::DATE > rated_date
  FROM stg.store__judged_rating
  UNION ALL
  SELECT
    'product_feed',
    event_date,
    CASE
      WHEN NOT quarantine_reason IS NULL
      THEN @QUARANTINE_RULE(quarantine_reason)
    END,
    NULL,
    copy_number,
    NULL,
    SUBSTRING(source_file FROM '[0-9]{4}-[0-9]{2}-[0-9]{2}')::DATE > event_date
  FROM stg.store__product_feed
  UNION ALL
  SELECT
    'customer_feed',
    event_date,
    CASE
      WHEN NOT quarantine_reason IS NULL
      THEN @QUARANTINE_RULE(quarantine_reason)
    END,
    NULL,
    copy_number,
    NULL,
    SUBSTRING(source_file FROM '[0-9]{4}-[0-9]{2}-[0-9]{2}')::DATE > event_date
  FROM stg.store__customer_feed
  UNION ALL
  SELECT
    'store',
    NULL,
    CASE
      WHEN NOT quarantine_reason IS NULL
      THEN @QUARANTINE_RULE(quarantine_reason)
    END,
    NULL,
    1,
    NULL,
    NULL
  FROM stg.store__store
  UNION ALL
  SELECT
    'warehouse',
    NULL,
    CASE
      WHEN NOT quarantine_reason IS NULL
      THEN @QUARANTINE_RULE(quarantine_reason)
    END,
    NULL,
    1,
    NULL,
    NULL
  FROM stg.store__warehouse
), judged_count AS (
  SELECT
    table_name,
    event_date,
    COUNT(*) AS tested_count,
    COUNT(*) FILTER(WHERE
      rule_name = 'missing_value') AS missing_value_count,
    COUNT(*) FILTER(WHERE
      rule_name = 'invalid_value') AS invalid_value_count,
    COUNT(*) FILTER(WHERE
      rule_name = 'negative_price') AS negative_price_count,
    COUNT(*) FILTER(WHERE
      rule_name = 'orphan_reference') AS orphan_reference_count,
    COUNT(*) FILTER(WHERE
      rule_name IS NULL AND copy_number > 1) AS duplicate_row_count,
    COUNT(*) FILTER(WHERE
      rule_name IS NULL AND copy_number = 1 AND is_late) AS late_row_count,
    COUNT(*) FILTER(WHERE
      quality_flag = 'quantity_out_of_range') AS quantity_out_of_range_count,
    COUNT(*) FILTER(WHERE
      is_without_customer) AS missing_customer_count
  FROM judged
  GROUP BY
    table_name,
    event_date
), row_check AS (
  SELECT
    counted.table_name,
    '*' AS column_name,
    checked.check_name,
    counted.event_date,
    counted.tested_count,
    checked.failed_count,
    NULL::DOUBLE PRECISION AS mean_value
  FROM judged_count AS counted
  CROSS JOIN LATERAL (
    VALUES
      ('missing_value', missing_value_count, TRUE),
      ('invalid_value', invalid_value_count, TRUE),
      (
        'negative_price',
        negative_price_count,
        table_name IN ('pos_line', 'web_order', 'product_feed')
      ),
      (
        'orphan_reference',
        orphan_reference_count,
        table_name IN ('pos_line', 'web_order', 'shipment', 'stock', 'rating')
      ),
      ('duplicate_row', duplicate_row_count, NOT event_date IS NULL),
      ('late_row', late_row_count, NOT event_date IS NULL),
      (
        'quantity_out_of_range',
        quantity_out_of_range_count,
        table_name IN ('pos_line', 'web_order')
      ),
      (
        'missing_customer',
        missing_customer_count,
        table_name IN ('pos_line', 'web_order')
      )
  ) AS checked(check_name, failed_count, is_asked)
  WHERE
    checked.is_asked
), filled AS (
  SELECT
    'pos_line' AS table_name,
    order_date AS event_date,
    COUNT(*) AS tested_count,
    ARRAY['customer_id', 'product_id', 'quantity', 'unit_price', 'promotion_code'] AS column_names,
    ARRAY[
      COUNT(customer_id),
      COUNT(product_id),
      COUNT(quantity),
      COUNT(unit_price_amount),
      COUNT(promotion_code)
    ] AS filled_counts,
    ARRAY[NULL, NULL, AVG(quantity), AVG(unit_price_amount), NULL]::DOUBLE PRECISION[] AS mean_values
  FROM stg.store__judged_pos_line
  GROUP BY
    order_date
  UNION ALL
  SELECT
    'web_order',
    order_date,
    COUNT(*),
    ARRAY['customer_id', 'status', 'promised_date', 'shipping_fee'],
    ARRAY[COUNT(customer_id), COUNT(status), COUNT(promised_date), COUNT(shipping_amount)],
    ARRAY[NULL, NULL, NULL, AVG(shipping_amount)]::DOUBLE PRECISION[]
  FROM stg.store__judged_web_order
  GROUP BY
    order_date
  UNION ALL
  SELECT
    'shipment',
    handed_over_date,
    COUNT(*),
    ARRAY['warehouse_id', 'carrier', 'destination_city', 'promised_date', 'delivered_at'],
    ARRAY[
      COUNT(warehouse_id),
      COUNT(carrier),
      COUNT(destination_city),
      COUNT(promised_date),
      COUNT(delivered_at)
    ],
    ARRAY[NULL, NULL, NULL, NULL, NULL]::DOUBLE PRECISION[]
  FROM stg.store__judged_shipment
  GROUP BY
    handed_over_date
  UNION ALL
  SELECT
    'stock',
    snapshot_date,
    COUNT(*),
    ARRAY['on_hand', 'on_order', 'reorder_point'],
    ARRAY[COUNT(on_hand_quantity), COUNT(on_order_quantity), COUNT(reorder_point_quantity)],
    ARRAY[AVG(on_hand_quantity), AVG(on_order_quantity), AVG(reorder_point_quantity)]::DOUBLE PRECISION[]
  FROM stg.store__judged_stock
  GROUP BY
    snapshot_date
  UNION ALL
  SELECT
    'rating',
    rated_date,
    COUNT(*),
    ARRAY['score'],
    ARRAY[COUNT(score)],
    ARRAY[AVG(score)]::DOUBLE PRECISION[]
  FROM stg.store__judged_rating
  GROUP BY
    rated_date
  UNION ALL
  SELECT
    'product_feed',
    event_date,
    COUNT(*),
    ARRAY['category', 'brand', 'list_price', 'cost'],
    ARRAY[COUNT(category), COUNT(brand), COUNT(list_price_amount), COUNT(cost_amount)],
    ARRAY[NULL, NULL, AVG(list_price_amount), AVG(cost_amount)]::DOUBLE PRECISION[]
  FROM stg.store__product_feed
  WHERE
    operation <> 'delete' /* it gives the key only */
  GROUP BY
    event_date
  UNION ALL
  SELECT
    'customer_feed',
    event_date,
    COUNT(*),
    ARRAY['city', 'state', 'postal_code', 'marketing_consent'],
    ARRAY[COUNT(city), COUNT(state), COUNT(postal_prefix), COUNT(has_marketing_consent)],
    ARRAY[NULL, NULL, NULL, NULL]::DOUBLE PRECISION[]
  FROM stg.store__customer_feed
  WHERE
    operation <> 'delete'
  GROUP BY
    event_date
), counted AS (
  SELECT
    *
  FROM row_check
  UNION ALL
  SELECT
    filled.table_name,
    checked.column_name,
    'completeness',
    filled.event_date,
    filled.tested_count,
    filled.tested_count - checked.filled_count,
    checked.mean_value
  FROM filled
  CROSS JOIN LATERAL UNNEST(filled.column_names, filled.filled_counts, filled.mean_values) AS checked(column_name, filled_count, mean_value)
)
SELECT
  'store'::TEXT AS source,
  table_name::TEXT AS table_name,
  column_name::TEXT AS column_name,
  check_name::TEXT AS check_name,
  event_date::DATE AS event_date,
  tested_count::BIGINT AS tested_count,
  failed_count::BIGINT AS failed_count,
  mean_value::DOUBLE PRECISION AS mean_value
FROM counted
