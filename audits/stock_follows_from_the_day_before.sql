AUDIT (
  name stock_follows_from_the_day_before,
  blocking FALSE
);

/* Stock that is not what lay there the day before, and came in, less what left.

It warns and does not stop: a missing or corrected file makes it so, and the counted stock stays the truth. What was not
counted the day before is not compared. */
SELECT
  today.source,
  today.location_id,
  today.product_id,
  today.snapshot_date,
  today.on_hand_quantity,
  before.on_hand_quantity + today.received_quantity - today.issued_quantity AS expected_quantity
FROM @this_model AS today
JOIN conformed.stock AS before
  ON before.source = today.source
  AND before.location_id = today.location_id
  AND before.product_id = today.product_id
  AND before.snapshot_date = today.snapshot_date - 1
WHERE
  before.snapshot_date BETWEEN @start_date - 1 AND @end_date
  AND today.on_hand_quantity <> before.on_hand_quantity + today.received_quantity - today.issued_quantity
