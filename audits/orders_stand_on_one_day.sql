AUDIT (
  name orders_stand_on_one_day
);

/* Orders of the days computed that stand on another day too: facts would hold them, and their lines, twice. */
SELECT
  today.source,
  today.order_id,
  today.order_date,
  other.order_date AS other_date
FROM @this_model AS today
JOIN @whole_model AS other
  ON other.source = today.source
  AND other.order_id = today.order_id
  AND other.order_date <> today.order_date
