MODEL (
  name stg.online_retail__to_check_count,
  kind EMBEDDED,
  owner analytics_engineering,
  grain (source, table_name, column_name, check_name, event_date),
  tags (staging, online_retail, mapping),
  description 'One row per check, column that it is about (* for the whole row) and day: how many lines were tested, how many failed, and a numeric column''s mean.'
);

WITH judged AS (
  SELECT
    *,
    CASE
      WHEN stock_code IS NULL
      THEN 'missing_stock_code'
      WHEN NOT quarantine_reason IS NULL
      THEN @QUARANTINE_RULE(quarantine_reason)
    END AS quarantine_rule
  FROM stg.online_retail__transaction
), counted AS (
  SELECT
    order_date,
    COUNT(*) AS tested_count,
    COUNT(*) FILTER(WHERE
      quarantine_rule = 'missing_value') AS missing_value_count,
    COUNT(*) FILTER(WHERE
      quarantine_rule = 'invalid_value') AS invalid_value_count,
    COUNT(*) FILTER(WHERE
      quarantine_rule = 'missing_stock_code') AS missing_stock_code_count,
    COUNT(*) FILTER(WHERE
      quarantine_rule = 'negative_price') AS negative_price_count,
    COUNT(*) FILTER(WHERE
      quality_flag = 'malformed_invoice') AS malformed_invoice_count,
    COUNT(*) FILTER(WHERE
      quality_flag = 'quantity_out_of_range') AS quantity_out_of_range_count,
    COUNT(*) FILTER(WHERE
      quality_flag = 'nonpositive_quantity') AS nonpositive_quantity_count,
    COUNT(*) FILTER(WHERE
      quarantine_reason IS NULL AND copy_number > 1) AS duplicate_row_count,
    COUNT(*) - COUNT(customer_id) AS missing_customer_count,
    COUNT(*) - COUNT(invoice_id) AS empty_invoice_count,
    COUNT(*) - COUNT(stock_code) AS empty_stock_code_count,
    COUNT(*) - COUNT(description) AS empty_description_count,
    COUNT(*) - COUNT(quantity) AS empty_quantity_count,
    COUNT(*) - COUNT(unit_price_amount) AS empty_price_count,
    COUNT(*) - COUNT(country_name) AS empty_country_count,
    AVG(quantity) AS mean_quantity,
    AVG(unit_price_amount) AS mean_price
  FROM judged
  GROUP BY
    order_date
)
SELECT
  'online_retail'::TEXT AS source,
  'transaction'::TEXT AS table_name,
  checked.column_name::TEXT AS column_name,
  checked.check_name::TEXT AS check_name,
  counted.order_date::DATE AS event_date,
  counted.tested_count::BIGINT AS tested_count,
  checked.failed_count::BIGINT AS failed_count,
  checked.mean_value::DOUBLE PRECISION AS mean_value
FROM counted
CROSS JOIN LATERAL (
  VALUES
    ('missing_value', '*', missing_value_count, NULL::DECIMAL),
    ('invalid_value', '*', invalid_value_count, NULL),
    ('missing_stock_code', '*', missing_stock_code_count, NULL),
    ('negative_price', '*', negative_price_count, NULL),
    ('malformed_invoice', '*', malformed_invoice_count, NULL),
    ('quantity_out_of_range', '*', quantity_out_of_range_count, NULL),
    ('nonpositive_quantity', '*', nonpositive_quantity_count, NULL),
    ('duplicate_row', '*', duplicate_row_count, NULL),
    ('missing_customer', '*', missing_customer_count, NULL),
    ('completeness', 'invoice', empty_invoice_count, NULL),
    ('completeness', 'stock_code', empty_stock_code_count, NULL),
    ('completeness', 'description', empty_description_count, NULL),
    ('completeness', 'quantity', empty_quantity_count, mean_quantity),
    ('completeness', 'price', empty_price_count, mean_price),
    ('completeness', 'customer_id', missing_customer_count, NULL),
    ('completeness', 'country', empty_country_count, NULL)
) AS checked(check_name, column_name, failed_count, mean_value)
