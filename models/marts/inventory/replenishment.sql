MODEL (
  name mart.replenishment,
  kind FULL,
  owner analytics_engineering,
  grain (source, location_id, product_id, ordered_date),
  tags (mart, inventory),
  audits (
    not_null(columns := (source, location_id, product_id, ordered_date, ordered_quantity)),
    unique_combination_of_columns(columns := (source, location_id, product_id, ordered_date))
  ),
  description 'One row per place, product and day on which pieces were ordered from the supplier, read from the change of what is on order from one day''s snapshot to the next. Deliveries are matched with orders first come, first served. An order over a gap in the snapshots is left out. Quantities are additive, days are averaged. Answers: how long suppliers take, and how regularly.',
  column_descriptions (
    source = 'The retailer.',
    location_id = 'Natural key of the warehouse or store that ordered.',
    product_id = 'The product''s natural key.',
    ordered_date = 'The day on whose end the pieces stood on order first.',
    ordered_quantity = 'Pieces ordered on the day.',
    received_date = 'The day on which the last of them had come in; empty while they have not.',
    lead_days = 'Days from ordering to receiving all of them. Not additive.'
  )
);

/* Days that follow on one another without a gap: what was ordered in between two snapshots further apart cannot be told. */
WITH followed AS (
  SELECT
    source,
    location_id,
    product_id,
    snapshot_date,
    on_order_quantity,
    received_quantity,
    LAG(on_order_quantity) OVER (PARTITION BY source, location_id, product_id ORDER BY snapshot_date) AS on_order_before_quantity,
    CASE
      WHEN LAG(snapshot_date) OVER (PARTITION BY source, location_id, product_id ORDER BY snapshot_date) = snapshot_date - 1
      THEN 0
      ELSE 1
    END AS is_first
  FROM mart.inventory_daily
), run AS (
  SELECT
    source,
    location_id,
    product_id,
    snapshot_date,
    SUM(is_first) OVER (PARTITION BY source, location_id, product_id ORDER BY snapshot_date) AS run_number,
    is_first,
    CASE
      WHEN is_first = 1
      THEN on_order_quantity
      ELSE on_order_quantity - on_order_before_quantity + received_quantity
    END AS ordered_quantity,
    CASE WHEN is_first = 1 THEN 0 ELSE received_quantity END AS received_quantity
  FROM followed
), total AS (
  SELECT
    *,
    SUM(ordered_quantity) OVER (PARTITION BY source, location_id, product_id, run_number ORDER BY snapshot_date) AS ordered_so_far_quantity,
    SUM(received_quantity) OVER (PARTITION BY source, location_id, product_id, run_number ORDER BY snapshot_date) AS received_so_far_quantity
  FROM run
), event AS (
  SELECT
    source,
    location_id,
    product_id,
    run_number,
    snapshot_date AS event_date,
    ordered_quantity,
    is_first = 1 AS is_from_before,
    ordered_so_far_quantity AS so_far_quantity,
    NULL::DATE AS received_date
  FROM total
  WHERE
    ordered_quantity > 0
  UNION ALL
  SELECT
    source,
    location_id,
    product_id,
    run_number,
    snapshot_date,
    NULL,
    FALSE,
    received_so_far_quantity,
    snapshot_date
  FROM total
  WHERE
    received_quantity > 0
), matched AS (
  SELECT
    source,
    location_id,
    product_id,
    event_date,
    ordered_quantity,
    is_from_before,
    MIN(received_date) OVER (
      PARTITION BY source, location_id, product_id, run_number
      ORDER BY so_far_quantity DESC
    ) AS received_date
  FROM event
)
SELECT
  source::TEXT AS source,
  location_id::TEXT AS location_id,
  product_id::TEXT AS product_id,
  event_date::DATE AS ordered_date,
  ordered_quantity::DECIMAL(18, 3) AS ordered_quantity,
  received_date::DATE AS received_date,
  (
    received_date - event_date
  )::INT AS lead_days
FROM matched
WHERE
  ordered_quantity > 0 AND NOT is_from_before;

@INDEX_ON(source, location_id, product_id)
