AUDIT (
  name features_are_plausible
);

SELECT
  *
FROM @this_model
WHERE
  customer_id = 'unknown'
  OR order_count < 1
  OR recency_days < 0
  OR recency_days > tenure_days
  OR order_day_count > order_count
  OR last_30_days_order_count > last_90_days_order_count
  OR last_90_days_order_count > last_365_days_order_count
  OR last_365_days_order_count > order_count
  OR year_ago_30_days_order_count > year_ago_90_days_order_count
  OR (
    mean_gap_days IS NULL
  ) <> (
    order_day_count = 1
  )
  OR NOT active_rate BETWEEN 0 AND 1
  OR NOT late_rate BETWEEN 0 AND 1
