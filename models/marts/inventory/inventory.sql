MODEL (
  name mart.inventory,
  kind FULL,
  owner analytics_engineering,
  grain (source, location_id, product_id),
  references (product_key, store_key),
  tags (mart, inventory),
  audits (
    not_null(
      columns := (
        source,
        location_id,
        product_id,
        snapshot_date,
        on_hand_quantity,
        is_to_reorder,
        is_overstock,
        is_dead_stock
      )
    ),
    unique_combination_of_columns(columns := (source, location_id, product_id)),
    totals_match(
      columns := (source, location_id, product_id, snapshot_date),
      measures := (on_hand_quantity, on_order_quantity),
      parent := core.fct_inventory_snapshot,
      parent_columns := (source, location_id, product_id, snapshot_date),
      parent_measures := (on_hand_quantity, on_order_quantity),
      parent_condition := (source, location_id, snapshot_date) IN (
        SELECT
          source,
          location_id,
          MAX(snapshot_date)
        FROM core.fct_inventory_snapshot
        GROUP BY
          source,
          location_id
      )
    )
  ),
  description 'One row per place and product in the place''s last stock snapshot: what is there, how long it lasts, when and how much to order. Quantities, values and days of stock-out are added over products and places; daily demand, days, rates and ratios are not. Answers: what to reorder today, what lies too long, how often we are sold out. The formulas stand in docs/decisions.md.',
  column_descriptions (
    source = 'The retailer.',
    location_id = 'Natural key of the warehouse or store that the stock lies in.',
    product_id = 'The product''s natural key.',
    snapshot_date = 'The day of the last snapshot: as of when the row holds.',
    store_key = 'The place, in core.dim_store.',
    product_key = 'The product as of the end of the day.',
    on_hand_quantity = 'Pieces there.',
    on_order_quantity = 'Pieces ordered from the supplier and not received yet.',
    unit_cost_amount = 'What a piece cost, where the source says. Not additive.',
    stock_value_amount = 'Pieces on hand at what they cost as of the day; empty where the cost is not known. Adds up over store, place, category and product, never over currencies.',
    snapshot_day_count = 'Snapshots of a product in a place. Adds up over time, store, place, category and product.',
    stock_out_day_count = 'Snapshots of a product in a place at which nothing was left at the end of the day. Adds up over time, store, place, category and product.',
    stock_out_rate = 'Days of stock-out as a share of the days counted. Not additive.',
    demand_day_count = 'Snapshots among the last demand_window_days (config.yaml): what the daily demand is measured on.',
    censored_day_count = 'Those of them that ended without stock, whose demand is estimated.',
    daily_demand_quantity = 'Estimated demand by day counted in the last demand_window_days. Not additive.',
    daily_demand_deviation = 'Standard deviation of the daily demand over the same days but for those that were filled with the usual one. Not additive.',
    window_issued_quantity = 'Pieces that left on these days.',
    window_demand_quantity = 'Pieces wanted in the last demand_window_days: what left on days that ended with stock; on other days what left or what is usual, whichever is more. Adds up over store, place, category and product.',
    fill_rate = 'Pieces that left in the last demand_window_days as a share of the estimated demand; nobody notes what was asked for in vain, so it is an estimate. Not additive.',
    days_of_supply = 'How many days of the daily demand are on hand; empty where nothing is wanted. Not additive.',
    turnover_ratio = 'How often a year the stock is sold: pieces that left in the last 365 days, or as many as were counted and then taken to a year, by the mean quantity on hand. Not additive.',
    last_issue_date = 'The last day on which a piece left; empty if none ever did.',
    lead_time_count = 'Deliveries that the lead time was measured on; 0 where it is what the source states.',
    lead_time_days = 'Mean days from ordering to receiving; what the source states where no delivery was seen. Not additive.',
    lead_time_deviation_days = 'Standard deviation of them; 0 where fewer than two deliveries were seen. Not additive.',
    safety_stock_quantity = 'Pieces kept for uncertain demand and deliveries: z × √(lead time × demand deviation² + demand² × lead time deviation²), z the normal quantile of service_level (config.yaml).',
    reorder_level_quantity = 'Daily demand × lead time + safety stock, rounded up: at or below it, on hand and on order together, it is time to order.',
    reorder_point_quantity = 'The source''s own reorder point, for comparison.',
    order_up_to_quantity = 'The quantity that the source''s own orders fill up to, for comparison.',
    is_to_reorder = 'On hand and on order together are at or below reorder_level_quantity; never where nothing is wanted or the product was taken out of the catalogue.',
    suggested_order_quantity = 'Pieces that fill on hand and on order up to the reorder level and order_cover_days of the daily demand, rounded up; 0 where nothing is to be ordered. Adds up over store, place, category and product.',
    is_overstock = 'More is there than overstock_days (config.yaml) of the daily demand.',
    is_dead_stock = 'Pieces are there and none has left for dead_stock_days (config.yaml).',
    currency = 'Currency of the amounts, ISO 4217; empty where the product has no price.'
  )
);

WITH last_snapshot AS (
  SELECT
    source,
    location_id,
    MAX(snapshot_date) AS snapshot_date
  FROM core.fct_inventory_snapshot
  GROUP BY
    source,
    location_id
), stock AS MATERIALIZED (
  /* as history below: or the planner, which expects one row of each, computes one again for every row of the other */
  SELECT
    snapshot.source,
    snapshot.location_id,
    snapshot.product_id,
    snapshot.snapshot_date,
    snapshot.store_key,
    snapshot.product_key,
    snapshot.on_hand_quantity,
    snapshot.on_order_quantity,
    snapshot.reorder_point_quantity,
    snapshot.order_up_to_quantity,
    snapshot.lead_time_days AS stated_lead_time_days,
    product.cost_amount AS unit_cost_amount,
    snapshot.on_hand_quantity * product.cost_amount AS stock_value_amount,
    product.currency,
    product.is_deleted
  FROM last_snapshot
  JOIN core.fct_inventory_snapshot AS snapshot
    ON snapshot.source = last_snapshot.source
    AND snapshot.location_id = last_snapshot.location_id
    AND snapshot.snapshot_date = last_snapshot.snapshot_date
  JOIN core.dim_product AS product
    ON product.product_key = snapshot.product_key
), day AS (
  SELECT
    daily.source,
    daily.location_id,
    daily.product_id,
    daily.snapshot_date,
    daily.on_hand_quantity,
    daily.issued_quantity,
    daily.demand_quantity,
    daily.is_stock_out,
    daily.is_demand_censored,
    daily.snapshot_date > last_snapshot.snapshot_date - @VAR('demand_window_days') AS is_in_window,
    daily.snapshot_date > last_snapshot.snapshot_date - 365 AS is_in_year
  FROM mart.inventory_daily AS daily
  JOIN last_snapshot
    ON last_snapshot.source = daily.source
    AND last_snapshot.location_id = daily.location_id
), usual AS (
  /* of the last days that had enough; where there are none, of all that had; or else of those that sold out */
  SELECT
    *,
    COALESCE(
      AVG(demand_quantity) FILTER(WHERE
        NOT is_demand_censored AND is_in_window) OVER item,
      AVG(demand_quantity) FILTER(WHERE
        NOT is_demand_censored) OVER item,
      AVG(demand_quantity) OVER item
    ) AS usual_quantity
  FROM day
  WINDOW item AS (PARTITION BY source, location_id, product_id)
), estimated AS (
  SELECT
    *,
    CASE
      WHEN is_demand_censored
      THEN GREATEST(demand_quantity, usual_quantity)
      ELSE demand_quantity
    END AS estimated_quantity,
    is_demand_censored AND COALESCE(demand_quantity, 0) <= usual_quantity AS is_filled
  FROM usual
), history AS MATERIALIZED (
  SELECT
    source,
    location_id,
    product_id,
    COUNT(*) AS snapshot_day_count,
    COUNT(*) FILTER(WHERE
      is_stock_out) AS stock_out_day_count,
    MIN(snapshot_date) AS first_snapshot_date,
    MAX(snapshot_date) FILTER(WHERE
      issued_quantity > 0) AS last_issue_date,
    SUM(issued_quantity) FILTER(WHERE
      is_in_year) * 365.0 / COUNT(*) FILTER(WHERE
      is_in_year) / NULLIF(AVG(on_hand_quantity) FILTER(WHERE
      is_in_year), 0) AS turnover_ratio,
    COUNT(*) FILTER(WHERE
      is_in_window) AS demand_day_count,
    COUNT(*) FILTER(WHERE
      is_in_window AND is_demand_censored) AS censored_day_count,
    SUM(issued_quantity) FILTER(WHERE
      is_in_window) AS window_issued_quantity,
    SUM(estimated_quantity) FILTER(WHERE
      is_in_window) AS window_demand_quantity,
    AVG(estimated_quantity) FILTER(WHERE
      is_in_window) AS daily_demand_quantity,
    COALESCE(STDDEV_SAMP(estimated_quantity) FILTER(WHERE
      is_in_window AND NOT is_filled), 0) AS daily_demand_deviation
  FROM estimated
  GROUP BY
    source,
    location_id,
    product_id
  HAVING
    COUNT(*) FILTER(WHERE
      is_in_year) > 0
), lead AS MATERIALIZED (
  SELECT
    source,
    location_id,
    product_id,
    COUNT(lead_days) AS lead_time_count,
    AVG(lead_days) AS lead_time_days,
    STDDEV_SAMP(lead_days) AS lead_time_deviation_days
  FROM mart.replenishment
  GROUP BY
    source,
    location_id,
    product_id
), planned AS (
  SELECT
    stock.*,
    history.snapshot_day_count,
    history.stock_out_day_count,
    history.first_snapshot_date,
    history.last_issue_date,
    history.turnover_ratio,
    history.demand_day_count,
    history.censored_day_count,
    history.window_issued_quantity,
    history.window_demand_quantity,
    history.daily_demand_quantity,
    history.daily_demand_deviation,
    history.window_issued_quantity / NULLIF(history.window_demand_quantity, 0) AS fill_rate,
    COALESCE(lead.lead_time_count, 0) AS lead_time_count,
    COALESCE(lead.lead_time_days, stock.stated_lead_time_days) AS lead_time_days,
    COALESCE(lead.lead_time_deviation_days, 0) AS lead_time_deviation_days
  FROM stock
  JOIN history
    ON history.source = stock.source
    AND history.location_id = stock.location_id
    AND history.product_id = stock.product_id
  LEFT JOIN lead
    ON lead.source = stock.source
    AND lead.location_id = stock.location_id
    AND lead.product_id = stock.product_id
), safeguarded AS (
  SELECT
    *,
    @NORMAL_QUANTILE(@VAR('service_level')) * SQRT(
      lead_time_days * POWER(daily_demand_deviation, 2) + POWER(daily_demand_quantity, 2) * POWER(lead_time_deviation_days, 2)
    ) AS safety_stock_quantity
  FROM planned
), levelled AS (
  SELECT
    *,
    CEIL(daily_demand_quantity * lead_time_days + safety_stock_quantity) AS reorder_level_quantity
  FROM safeguarded
), advised AS (
  SELECT
    *,
    COALESCE(
      daily_demand_quantity > 0
      AND NOT is_deleted
      AND on_hand_quantity + on_order_quantity <= reorder_level_quantity,
      FALSE
    ) AS is_to_reorder
  FROM levelled
)
SELECT
  source::TEXT AS source,
  location_id::TEXT AS location_id,
  product_id::TEXT AS product_id,
  snapshot_date::DATE AS snapshot_date,
  store_key::UUID AS store_key,
  product_key::UUID AS product_key,
  on_hand_quantity::DECIMAL(18, 3) AS on_hand_quantity,
  on_order_quantity::DECIMAL(18, 3) AS on_order_quantity,
  unit_cost_amount::DECIMAL(18, 4) AS unit_cost_amount,
  stock_value_amount::DECIMAL(18, 4) AS stock_value_amount,
  snapshot_day_count::INT AS snapshot_day_count,
  stock_out_day_count::INT AS stock_out_day_count,
  (
    stock_out_day_count::DECIMAL / snapshot_day_count
  )::DECIMAL(9, 6) AS stock_out_rate,
  demand_day_count::INT AS demand_day_count,
  censored_day_count::INT AS censored_day_count,
  daily_demand_quantity::DECIMAL(18, 6) AS daily_demand_quantity,
  daily_demand_deviation::DECIMAL(18, 6) AS daily_demand_deviation,
  window_issued_quantity::DECIMAL(18, 3) AS window_issued_quantity,
  window_demand_quantity::DECIMAL(18, 6) AS window_demand_quantity,
  fill_rate::DECIMAL(9, 6) AS fill_rate,
  (
    on_hand_quantity / NULLIF(daily_demand_quantity, 0)
  )::DECIMAL(18, 3) AS days_of_supply,
  turnover_ratio::DECIMAL(18, 6) AS turnover_ratio,
  last_issue_date::DATE AS last_issue_date,
  lead_time_count::INT AS lead_time_count,
  lead_time_days::DECIMAL(9, 3) AS lead_time_days,
  lead_time_deviation_days::DECIMAL(9, 3) AS lead_time_deviation_days,
  safety_stock_quantity::DECIMAL(18, 3) AS safety_stock_quantity,
  reorder_level_quantity::DECIMAL(18, 3) AS reorder_level_quantity,
  reorder_point_quantity::DECIMAL(18, 3) AS reorder_point_quantity,
  order_up_to_quantity::DECIMAL(18, 3) AS order_up_to_quantity,
  is_to_reorder::BOOLEAN AS is_to_reorder,
  (
    CASE
      WHEN is_to_reorder
      THEN CEIL(
        reorder_level_quantity + daily_demand_quantity * @VAR('order_cover_days') - on_hand_quantity - on_order_quantity
      )
      ELSE 0
    END
  )::DECIMAL(18, 3) AS suggested_order_quantity,
  (
    COALESCE(on_hand_quantity > daily_demand_quantity * @VAR('overstock_days'), FALSE)
  )::BOOLEAN AS is_overstock,
  (
    on_hand_quantity > 0
    AND snapshot_date - COALESCE(last_issue_date, first_snapshot_date) >= @VAR('dead_stock_days')
  )::BOOLEAN AS is_dead_stock,
  currency::TEXT AS currency
FROM advised
