MODEL (
  name ml.customer_feature,
  kind FULL,
  owner data_science,
  grain (source, customer_id, as_of_date),
  tags (ml, customers),
  audits (
    not_null(
      columns := (
        source,
        customer_id,
        as_of_date,
        sample_rank,
        currency,
        recency_days,
        tenure_days,
        order_count,
        net_sale_amount
      )
    ),
    unique_combination_of_columns(columns := (source, customer_id, as_of_date)),
    features_are_plausible
  ),
  description 'One row per source, known customer and as-of date by which the customer had ordered: what was known at the end of that day, and nothing later. As-of dates are the last order_date of the source and earlier ones (feature_cut_days in config.yaml). Never add rows of different as-of dates; amounts only within a currency. An order that was cancelled counts as none from its day on: no source tells when it was cancelled.',
  column_descriptions (
    source = 'The shop.',
    customer_id = 'The customer''s natural key in its source.',
    as_of_date = 'Features hold what was known at the end of this day.',
    is_current = 'The as-of date is the last order_date of the source: scores are made from these rows.',
    sample_rank = 'The customer''s place, from 1, in a random but fixed order within source and as-of date: the first n are a random sample of n. Not additive.',
    currency = 'Currency of the amounts, ISO 4217: that of the customer''s first order; what was sold in others counts in no amount.',
    recency_days = 'Days from the last order to as_of_date. Not additive.',
    tenure_days = 'Days from the first order to as_of_date. Not additive.',
    active_rate = 'Days from the first order to the last as a share of tenure_days; 0 for one day of orders. Not additive.',
    order_count = 'Orders that sold merchandise, cancelled ones left out.',
    order_day_count = 'Different days with such an order.',
    last_30_days_order_count = 'Orders of the last 30 days, as_of_date the last of them.',
    last_90_days_order_count = 'Orders of the last 90 days.',
    last_365_days_order_count = 'Orders of the last 365 days.',
    year_ago_30_days_order_count = 'Orders of the 30 days that began 365 days before the day after as_of_date.',
    year_ago_90_days_order_count = 'Orders of the 90 days that began 365 days before the day after as_of_date.',
    unit_count = 'Pieces of merchandise sold.',
    gross_amount = 'List price × quantity of the merchandise sold, before discounts and returns. Never add over currencies.',
    discount_amount = 'What was taken off the list price, positive. Never add over currencies.',
    discount_rate = 'discount_amount by gross_amount. Not additive.',
    net_sale_amount = 'gross_amount less discount_amount, before returns. Never add over currencies.',
    last_30_days_net_sale_amount = 'net_sale_amount of the last 30 days. Never add over currencies.',
    last_90_days_net_sale_amount = 'net_sale_amount of the last 90 days. Never add over currencies.',
    last_365_days_net_sale_amount = 'net_sale_amount of the last 365 days. Never add over currencies.',
    return_amount = 'Net value of the merchandise that had come back by as_of_date, positive. Never add over currencies.',
    return_rate = 'return_amount by net_sale_amount; above 1 when more came back than was sold. Not additive.',
    mean_gap_days = 'Mean days between days with an order; empty with one such day. Not additive.',
    gap_deviation_days = 'Standard deviation of the same. Not additive.',
    longest_gap_days = 'Longest of the same. Not additive.',
    category_count = 'Different categories bought, as the products'' were at the order. Not additive.',
    web_order_rate = 'Share of the orders that were placed on the web. Not additive.',
    store_order_rate = 'Share of the orders that were placed in a store. Not additive.',
    marketplace_order_rate = 'Share of the orders that were placed on a marketplace. Not additive.',
    delivered_order_count = 'Orders that were brought by as_of_date.',
    mean_delay_days = 'Mean days from the promised day to the delivery of those that were promised for a day; negative when early. Not additive.',
    late_rate = 'Share that was late or overdue of the orders for which that was known by as_of_date. Not additive.',
    review_count = 'Reviews that the customer had written by as_of_date.',
    mean_review_score = 'Mean of their scores, 1 to 5. Not additive.'
  )
);

WITH latest AS (
  SELECT
    source,
    MAX(order_date) AS order_date
  FROM core.fct_order
  GROUP BY
    source
), cut AS (
  SELECT
    number,
    days_ago
  FROM UNNEST(@VAR('feature_cut_days')) WITH ORDINALITY AS _t(days_ago, number)
), sale AS (
  /* Customers before sources, whose few values decide no comparison: the sort takes a third of the time. */
  SELECT
    placed.source,
    placed.customer_id,
    placed.order_date,
    placed.channel,
    placed.currency,
    placed.unit_count,
    placed.gross_amount,
    placed.discount_amount,
    placed.net_sale_amount,
    latest.order_date - placed.order_date AS days_ago,
    DENSE_RANK() OVER (ORDER BY placed.customer_id, placed.source) AS customer_number,
    FIRST_VALUE(placed.currency) OVER earlier AS home_currency,
    placed.order_date - LAG(placed.order_date) OVER earlier AS gap_days,
    ROW_NUMBER() OVER earlier AS order_number
  FROM mart.order_sale AS placed
  LEFT JOIN latest
    ON latest.source = placed.source
  WHERE
    NOT placed.customer_id IS NULL
  WINDOW earlier AS (
    PARTITION BY placed.customer_id, placed.source
    ORDER BY placed.order_date, placed.ordered_at, placed.order_id
  )
), customer AS (
  SELECT
    customer_number,
    source,
    customer_id,
    home_currency AS currency,
    order_date + days_ago AS last_date,
    WIDTH_BUCKET(days_ago, @VAR('feature_cut_days')) AS first_number,
    ROW_NUMBER() OVER (ORDER BY MD5(customer_id), customer_id) AS random_place
  FROM sale
  WHERE
    order_number = 1
), category AS (
  SELECT
    line.source,
    line.customer_id,
    MIN(line.order_date) AS first_date
  FROM core.fct_order_line AS line
  LEFT JOIN core.dim_product AS product
    ON product.product_key = line.product_key
  WHERE
    line.line_kind = 'product'
    AND NOT line.is_return
    AND NOT line.is_cancelled
    AND NOT line.customer_id IS NULL
    AND NOT product.category IS NULL
  GROUP BY
    line.source,
    line.customer_id,
    product.category
), delivery AS (
  SELECT
    source,
    customer_id,
    promised_date,
    delivered_date,
    delay_days
  FROM core.fct_order
  WHERE
    order_kind = 'sale'
    AND NOT is_cancelled
    AND NOT customer_id IS NULL
    AND NOT COALESCE(delivered_date, promised_date) IS NULL
), event AS (
  /* What becomes known of a customer besides the orders, on the day on which it does. */
  SELECT
    source,
    customer_id,
    first_date AS known_date,
    1 AS category_count,
    0 AS delivered_order_count,
    NULL::INT AS delay_days,
    NULL::INT AS late_count,
    NULL::INT AS review_score,
    NULL::DECIMAL AS return_amount
  FROM category
  UNION ALL
  SELECT
    source,
    customer_id,
    delivered_date,
    0,
    1,
    delay_days,
    CASE WHEN delivered_date <= promised_date THEN 0 END,
    NULL,
    NULL
  FROM delivery
  WHERE
    NOT delivered_date IS NULL
  UNION ALL
  /* late is known on the day after the promised one, brought or not */
  SELECT
    source,
    customer_id,
    promised_date + 1,
    0,
    0,
    NULL,
    1,
    NULL,
    NULL
  FROM delivery
  WHERE
    NOT promised_date IS NULL AND COALESCE(delivered_date > promised_date, TRUE)
  UNION ALL
  SELECT
    source,
    customer_id,
    answered_date,
    0,
    0,
    NULL,
    NULL,
    score,
    NULL
  FROM core.fct_review
  WHERE
    NOT customer_id IS NULL
  UNION ALL
  /* whoever wrote a review without a name is whoever placed the order */
  SELECT
    review.source,
    placed.customer_id,
    review.answered_date,
    0,
    0,
    NULL,
    NULL,
    review.score,
    NULL
  FROM core.fct_review AS review
  JOIN core.fct_order AS placed
    ON placed.order_key = review.order_key
  WHERE
    review.customer_id IS NULL AND NOT placed.customer_id IS NULL
  UNION ALL
  SELECT
    line.source,
    line.customer_id,
    COALESCE(line.return_date, line.order_date),
    0,
    0,
    NULL,
    NULL,
    NULL,
    CASE WHEN line.currency = customer.currency THEN -line.net_amount END
  FROM core.fct_order_line AS line
  LEFT JOIN customer
    ON customer.customer_id = line.customer_id AND customer.source = line.source
  WHERE
    line.line_kind = 'product'
    AND line.is_return
    AND NOT line.is_cancelled
    AND NOT line.customer_id IS NULL
), order_part AS (
  /* Sums between two cuts, which are added up later from the oldest on: what the orders say, … */
  SELECT
    customer_number,
    WIDTH_BUCKET(days_ago, @VAR('feature_cut_days')) AS number,
    MIN(order_date) AS first_order_date,
    MAX(order_date) AS last_order_date,
    COUNT(*) AS order_count,
    SUM(CASE WHEN gap_days = 0 THEN 0 ELSE 1 END) AS order_day_count,
    COUNT(*) FILTER(WHERE
      channel = 'web') AS web_order_count,
    COUNT(*) FILTER(WHERE
      channel = 'store') AS store_order_count,
    COUNT(*) FILTER(WHERE
      channel = 'marketplace') AS marketplace_order_count,
    SUM(unit_count) AS unit_count,
    SUM(gross_amount) FILTER(WHERE
      currency = home_currency) AS gross_amount,
    SUM(discount_amount) FILTER(WHERE
      currency = home_currency) AS discount_amount,
    SUM(net_sale_amount) FILTER(WHERE
      currency = home_currency) AS net_sale_amount,
    SUM(gap_days) AS total_gap_days,
    SUM(gap_days::BIGINT * gap_days) AS total_squared_gap,
    MAX(gap_days) AS longest_gap_days
  FROM sale
  GROUP BY
    customer_number,
    number
), event_part AS (
  /* … and what else became known: of what was known before the first order, as if it came with it. */
  SELECT
    customer.customer_number,
    LEAST(
      WIDTH_BUCKET(customer.last_date - event.known_date, @VAR('feature_cut_days')),
      customer.first_number
    ) AS number,
    SUM(event.category_count) AS category_count,
    SUM(event.delivered_order_count) AS delivered_order_count,
    SUM(event.delay_days) AS total_delay_days,
    COUNT(event.delay_days) AS delay_count,
    SUM(event.late_count) AS late_count,
    COUNT(event.late_count) AS judged_order_count,
    COUNT(event.review_score) AS review_count,
    SUM(event.review_score) AS total_review_score,
    SUM(event.return_amount) AS return_amount
  FROM event
  JOIN customer
    ON customer.customer_id = event.customer_id AND customer.source = event.source
  WHERE
    NOT event.known_date IS NULL /* which LEAST would take for the first order's day */
  GROUP BY
    1,
    2
), recent AS (
  /* What falls into the windows before each cut, of each customer who had ordered by then. */
  SELECT
    sale.customer_number,
    cut.number,
    cut.days_ago,
    COUNT(*) FILTER(WHERE
      sale.days_ago < cut.days_ago + 30) AS last_30_days_order_count,
    COUNT(*) FILTER(WHERE
      sale.days_ago < cut.days_ago + 90) AS last_90_days_order_count,
    COUNT(*) FILTER(WHERE
      sale.days_ago < cut.days_ago + 365) AS last_365_days_order_count,
    COUNT(*) FILTER(WHERE
      sale.days_ago < cut.days_ago + 365 AND sale.days_ago >= cut.days_ago + 335) AS year_ago_30_days_order_count,
    COUNT(*) FILTER(WHERE
      sale.days_ago < cut.days_ago + 365 AND sale.days_ago >= cut.days_ago + 275) AS year_ago_90_days_order_count,
    SUM(sale.net_sale_amount) FILTER(WHERE
      sale.days_ago < cut.days_ago + 30 AND sale.currency = sale.home_currency) AS last_30_days_net_sale_amount,
    SUM(sale.net_sale_amount) FILTER(WHERE
      sale.days_ago < cut.days_ago + 90 AND sale.currency = sale.home_currency) AS last_90_days_net_sale_amount,
    SUM(sale.net_sale_amount) FILTER(WHERE
      sale.days_ago < cut.days_ago + 365 AND sale.currency = sale.home_currency) AS last_365_days_net_sale_amount
  FROM sale
  CROSS JOIN cut
  WHERE
    sale.days_ago >= cut.days_ago
    AND (
      sale.days_ago < cut.days_ago + 365 OR sale.order_number = 1
    )
  GROUP BY
    sale.customer_number,
    cut.number,
    cut.days_ago
), known AS (
  SELECT
    recent.*,
    MIN(placed.first_order_date) OVER so_far AS first_order_date,
    MAX(placed.last_order_date) OVER so_far AS last_order_date,
    SUM(placed.order_count) OVER so_far AS order_count,
    SUM(placed.order_day_count) OVER so_far AS order_day_count,
    SUM(placed.web_order_count) OVER so_far AS web_order_count,
    SUM(placed.store_order_count) OVER so_far AS store_order_count,
    SUM(placed.marketplace_order_count) OVER so_far AS marketplace_order_count,
    SUM(placed.unit_count) OVER so_far AS unit_count,
    SUM(placed.gross_amount) OVER so_far AS gross_amount,
    SUM(placed.discount_amount) OVER so_far AS discount_amount,
    SUM(placed.net_sale_amount) OVER so_far AS net_sale_amount,
    SUM(placed.total_gap_days) OVER so_far AS total_gap_days,
    SUM(placed.total_squared_gap) OVER so_far AS total_squared_gap,
    MAX(placed.longest_gap_days) OVER so_far AS longest_gap_days,
    COALESCE(SUM(told.category_count) OVER so_far, 0) AS category_count,
    COALESCE(SUM(told.delivered_order_count) OVER so_far, 0) AS delivered_order_count,
    SUM(told.total_delay_days) OVER so_far AS total_delay_days,
    SUM(told.delay_count) OVER so_far AS delay_count,
    SUM(told.late_count) OVER so_far AS late_count,
    SUM(told.judged_order_count) OVER so_far AS judged_order_count,
    COALESCE(SUM(told.review_count) OVER so_far, 0) AS review_count,
    SUM(told.total_review_score) OVER so_far AS total_review_score,
    COALESCE(SUM(told.return_amount) OVER so_far, 0) AS return_amount
  FROM recent
  LEFT JOIN order_part AS placed
    ON placed.customer_number = recent.customer_number AND placed.number = recent.number
  LEFT JOIN event_part AS told
    ON told.customer_number = recent.customer_number AND told.number = recent.number
  WINDOW so_far AS (PARTITION BY recent.customer_number ORDER BY recent.number DESC)
), dated AS (
  SELECT
    customer.source,
    customer.customer_id,
    customer.currency,
    customer.random_place,
    customer.last_date - known.days_ago AS as_of_date,
    known.days_ago = 0 AS is_current,
    NULLIF(known.order_day_count - 1, 0) AS gap_count,
    known.*
  FROM known
  JOIN customer
    ON customer.customer_number = known.customer_number
)
SELECT
  source::TEXT AS source,
  customer_id::TEXT AS customer_id,
  as_of_date::DATE AS as_of_date,
  is_current::BOOLEAN AS is_current,
  ROW_NUMBER() OVER (PARTITION BY as_of_date, source ORDER BY random_place)::INT AS sample_rank,
  currency::TEXT AS currency,
  (
    as_of_date - last_order_date
  )::INT AS recency_days,
  (
    as_of_date - first_order_date
  )::INT AS tenure_days,
  COALESCE(
    (
      last_order_date - first_order_date
    )::DECIMAL / NULLIF(as_of_date - first_order_date, 0),
    0
  )::DECIMAL(18, 6) AS active_rate,
  order_count::INT AS order_count,
  order_day_count::INT AS order_day_count,
  last_30_days_order_count::INT AS last_30_days_order_count,
  last_90_days_order_count::INT AS last_90_days_order_count,
  last_365_days_order_count::INT AS last_365_days_order_count,
  year_ago_30_days_order_count::INT AS year_ago_30_days_order_count,
  year_ago_90_days_order_count::INT AS year_ago_90_days_order_count,
  unit_count::BIGINT AS unit_count,
  gross_amount::DECIMAL(18, 4) AS gross_amount,
  discount_amount::DECIMAL(18, 4) AS discount_amount,
  (
    discount_amount / NULLIF(gross_amount, 0)
  )::DECIMAL(18, 6) AS discount_rate,
  net_sale_amount::DECIMAL(18, 4) AS net_sale_amount,
  COALESCE(last_30_days_net_sale_amount, 0)::DECIMAL(18, 4) AS last_30_days_net_sale_amount,
  COALESCE(last_90_days_net_sale_amount, 0)::DECIMAL(18, 4) AS last_90_days_net_sale_amount,
  COALESCE(last_365_days_net_sale_amount, 0)::DECIMAL(18, 4) AS last_365_days_net_sale_amount,
  return_amount::DECIMAL(18, 4) AS return_amount,
  (
    return_amount / NULLIF(net_sale_amount, 0)
  )::DECIMAL(18, 6) AS return_rate,
  (
    total_gap_days::DECIMAL / gap_count
  )::DECIMAL(9, 2) AS mean_gap_days,
  CASE
    WHEN gap_count > 0
    THEN SQRT(
      GREATEST(
        total_squared_gap::DECIMAL / gap_count - POWER((
          total_gap_days::DECIMAL / gap_count
        ), 2),
        0
      )
    )
  END::DECIMAL(9, 2) AS gap_deviation_days,
  NULLIF(longest_gap_days, 0)::INT AS longest_gap_days,
  category_count::INT AS category_count,
  (
    web_order_count::DECIMAL / order_count
  )::DECIMAL(9, 6) AS web_order_rate,
  (
    store_order_count::DECIMAL / order_count
  )::DECIMAL(9, 6) AS store_order_rate,
  (
    marketplace_order_count::DECIMAL / order_count
  )::DECIMAL(9, 6) AS marketplace_order_rate,
  delivered_order_count::INT AS delivered_order_count,
  (
    total_delay_days::DECIMAL / NULLIF(delay_count, 0)
  )::DECIMAL(9, 2) AS mean_delay_days,
  (
    late_count::DECIMAL / NULLIF(judged_order_count, 0)
  )::DECIMAL(9, 6) AS late_rate,
  review_count::INT AS review_count,
  (
    total_review_score::DECIMAL / NULLIF(review_count, 0)
  )::DECIMAL(9, 4) AS mean_review_score
FROM dated;

@INDEX_ON(source, customer_id)
