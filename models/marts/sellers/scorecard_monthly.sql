MODEL (
  name mart.scorecard_monthly,
  kind FULL,
  owner analytics_engineering,
  grain (role, source, month_start_date, scored_key, currency),
  tags (mart, sellers),
  audits (
    not_null(
      columns := (
        role,
        source,
        month_start_date,
        scored_key,
        currency,
        net_amount,
        order_count,
        composite_score
      )
    ),
    unique_combination_of_columns(columns := (role, source, month_start_date, scored_key, currency))
  ),
  description 'One row per role (seller, store), source, month, who is scored and currency with orders or returns, with a score from 0 to 100 made of revenue, punctuality, reviews and cancellations, whose parts stand beside it. Sellers are measured against sellers and stores against stores; an order that has both counts for both: never add the roles, nor orders or reviews over sellers. mart.seller_monthly and mart.store_monthly show one role each.',
  column_descriptions (
    role = 'Who is scored: seller or store.',
    source = 'The shop.',
    month_start_date = 'First day of the month of the orders; for returns that of the refund.',
    scored_key = 'The seller, in core.dim_seller, or the store, in core.dim_store, as role says.',
    net_amount = 'Revenue: gross sales less discounts less returns on the day of the refund; tax as in the source''s prices, freight left out. Adds up over time, channel, store, place, category, product and customer, never over currencies.',
    order_count = 'Orders that sold merchandise, cancelled ones left out; a document of returns, corrections or stock movements alone is none. Adds up over time, channel, store, place and customer.',
    unit_count = 'Pieces of merchandise sold; returned pieces are not taken off. Adds up over time, channel, store, place, category, product and customer.',
    placed_order_count = 'Orders of merchandise, cancelled ones included. Adds up over time, channel, store, place and customer.',
    cancelled_order_count = 'Orders of merchandise that were cancelled or could not be fulfilled. Adds up over time, channel, store, place and customer.',
    cancellation_rate = 'Share of the orders placed that were cancelled. Not additive.',
    delivered_order_count = 'Orders, not cancelled, that were promised for a day and have been delivered. Adds up over time, channel, store, place and customer.',
    late_order_count = 'Orders delivered after the promised day. Adds up over time, channel, store, place and customer.',
    on_time_rate = 'Share of the delivered orders that came by the promised day; what is overdue is not in it. Not additive.',
    review_count = 'Reviews of orders or of products in them. Adds up over time, channel, store, place and customer.',
    average_review_score = 'Mean score of the reviews, 1 (worst) to 5. Not additive.',
    shrunk_review_score = 'Mean score after review_prior_weight (config.yaml) reviews at the source''s mean until the end of the row''s period are added, so that a few reviews prove little. Not additive.',
    price_ratio = 'What customers paid, against what the same pieces cost at the month''s mean price: of the category of each for sellers, whose goods differ, of the product for stores; 1 where it is the same, empty where nothing was sold or no such mean is known. Not additive.',
    revenue_part = 'Part of the score, 0 to 1: the share of those of the same role in the month that did not have more net sales. Not additive.',
    on_time_part = 'Part of the score, 0 to 1: on-time rate, with rate_prior_weight (config.yaml) deliveries at the source''s rate so far added; empty where the source knows of none. Not additive.',
    review_part = 'Part of the score, 0 to 1: shrunk_review_score from worst to best; empty where the source knows of no reviews. Not additive.',
    cancellation_part = 'Part of the score, 0 to 1: share of orders not cancelled, with rate_prior_weight orders at the source''s rate so far added. Not additive.',
    composite_score = 'Score from 0 (worst) to 100: the mean of revenue_part, on_time_part, review_part and cancellation_part with the weights score_weight_… of config.yaml; a part that is not known takes its weight with it. Not additive.',
    score_rank = 'Place by composite_score among those of the same role that had orders in the month, 1 the best; empty for others. Not additive.',
    previous_score_rank = 'The place in the month before; empty where there was none.',
    rank_change = 'Places won (positive) or lost against the month before. Not additive.',
    currency = 'Currency of the amount, ISO 4217.'
  )
);

WITH line AS (
  /* A line counts for its seller and for its store, where it has them. Prices of sellers, whose goods differ, are compared
     within a category, those of stores within a product. */
  SELECT
    scored.role,
    line.source,
    scored.scored_key,
    line.currency,
    line.order_key,
    line.quantity,
    line.net_amount,
    line.is_return,
    line.is_cancelled,
    DATE_TRUNC('MONTH', line.order_date)::DATE AS month_start_date,
    DATE_TRUNC('MONTH', COALESCE(line.return_date, line.order_date))::DATE AS net_month_start_date,
    scored.compared_with
  FROM core.fct_order_line AS line
  JOIN core.dim_product AS product
    ON product.product_key = line.product_key
  CROSS JOIN LATERAL (
    VALUES
      ('seller', line.seller_key, product.category),
      ('store', line.store_key, line.product_id)
  ) AS scored(role, scored_key, compared_with)
  WHERE
    line.line_kind = 'product' AND scored.scored_key <> @UNKNOWN_KEY()
), revenue AS (
  SELECT
    role,
    source,
    net_month_start_date AS month_start_date,
    scored_key,
    currency,
    SUM(net_amount) AS net_amount
  FROM line
  WHERE
    NOT is_cancelled
  GROUP BY
    role,
    source,
    net_month_start_date,
    scored_key,
    currency
), sold AS (
  SELECT
    role,
    source,
    month_start_date,
    scored_key,
    currency,
    order_key,
    is_cancelled,
    CASE WHEN NOT is_cancelled THEN quantity ELSE 0 END AS unit_count,
    CASE WHEN NOT is_cancelled AND NOT compared_with IS NULL THEN net_amount END AS compared_amount,
    CASE
      WHEN NOT is_cancelled AND NOT compared_with IS NULL
      THEN quantity * SUM(net_amount) FILTER(WHERE
        NOT is_cancelled) OVER same_goods / NULLIF(SUM(quantity) FILTER(WHERE
        NOT is_cancelled) OVER same_goods, 0)
    END AS usual_amount
  FROM line
  WHERE
    NOT is_return
  WINDOW same_goods AS (PARTITION BY role, source, month_start_date, currency, compared_with)
), placed AS (
  SELECT
    role,
    source,
    month_start_date,
    scored_key,
    currency,
    order_key,
    BOOL_AND(is_cancelled) AS is_cancelled,
    SUM(unit_count) AS unit_count,
    SUM(compared_amount) AS compared_amount,
    SUM(usual_amount) AS usual_amount
  FROM sold
  GROUP BY
    role,
    source,
    month_start_date,
    scored_key,
    currency,
    order_key
), reviewed AS (
  SELECT
    order_key,
    COUNT(*) AS review_count,
    SUM(score) AS score_sum
  FROM core.fct_review
  GROUP BY
    order_key
), ordered AS (
  SELECT
    placed.role,
    placed.source,
    placed.month_start_date,
    placed.scored_key,
    placed.currency,
    SUM(placed.unit_count) AS unit_count,
    SUM(placed.compared_amount) / NULLIF(SUM(placed.usual_amount), 0) AS price_ratio,
    COUNT(*) AS placed_order_count,
    COUNT(*) FILTER(WHERE
      placed.is_cancelled) AS cancelled_order_count,
    COUNT(*) FILTER(WHERE
      NOT placed.is_cancelled) AS order_count,
    COUNT("order".is_late) FILTER(WHERE
      NOT placed.is_cancelled) AS delivered_order_count,
    COUNT(*) FILTER(WHERE
      "order".is_late AND NOT placed.is_cancelled) AS late_order_count,
    COALESCE(SUM(reviewed.review_count), 0) AS review_count,
    COALESCE(SUM(reviewed.score_sum), 0) AS score_sum
  FROM placed
  JOIN core.fct_order AS "order"
    ON "order".order_key = placed.order_key
  LEFT JOIN reviewed
    ON reviewed.order_key = placed.order_key
  GROUP BY
    placed.role,
    placed.source,
    placed.month_start_date,
    placed.scored_key,
    placed.currency
), monthly AS (
  SELECT
    COALESCE(ordered.role, revenue.role) AS role,
    COALESCE(ordered.source, revenue.source) AS source,
    COALESCE(ordered.month_start_date, revenue.month_start_date) AS month_start_date,
    COALESCE(ordered.scored_key, revenue.scored_key) AS scored_key,
    COALESCE(ordered.currency, revenue.currency) AS currency,
    COALESCE(revenue.net_amount, 0) AS net_amount,
    COALESCE(ordered.unit_count, 0) AS unit_count,
    ordered.price_ratio,
    COALESCE(ordered.placed_order_count, 0) AS placed_order_count,
    COALESCE(ordered.cancelled_order_count, 0) AS cancelled_order_count,
    COALESCE(ordered.order_count, 0) AS order_count,
    COALESCE(ordered.delivered_order_count, 0) AS delivered_order_count,
    COALESCE(ordered.late_order_count, 0) AS late_order_count,
    COALESCE(ordered.review_count, 0) AS review_count,
    COALESCE(ordered.score_sum, 0) AS score_sum
  FROM ordered
  FULL JOIN revenue
    ON revenue.role = ordered.role
    AND revenue.source = ordered.source
    AND revenue.month_start_date = ordered.month_start_date
    AND revenue.scored_key = ordered.scored_key
    AND revenue.currency = ordered.currency
), total AS (
  SELECT
    role,
    source,
    month_start_date,
    SUM(placed_order_count) AS placed_order_count,
    SUM(cancelled_order_count) AS cancelled_order_count,
    SUM(delivered_order_count) AS delivered_order_count,
    SUM(late_order_count) AS late_order_count,
    SUM(review_count) AS review_count,
    SUM(score_sum) AS score_sum
  FROM monthly
  GROUP BY
    role,
    source,
    month_start_date
), so_far AS (
  SELECT
    role,
    source,
    month_start_date,
    SUM(cancelled_order_count) OVER until_then / NULLIF(SUM(placed_order_count) OVER until_then, 0) AS cancellation_rate,
    SUM(late_order_count) OVER until_then / NULLIF(SUM(delivered_order_count) OVER until_then, 0) AS late_rate,
    SUM(score_sum) OVER until_then / NULLIF(SUM(review_count) OVER until_then, 0) AS review_score
  FROM total
  WINDOW until_then AS (PARTITION BY role, source ORDER BY month_start_date)
), shrunk AS (
  SELECT
    monthly.*,
    @SHRUNK_MEAN(
      monthly.score_sum,
      monthly.review_count,
      so_far.review_score,
      @VAR('review_prior_weight')
    ) AS shrunk_review_score,
    @SHRUNK_MEAN(
      monthly.late_order_count,
      monthly.delivered_order_count,
      so_far.late_rate,
      @VAR('rate_prior_weight')
    ) AS shrunk_late_rate,
    @SHRUNK_MEAN(
      monthly.cancelled_order_count,
      monthly.placed_order_count,
      so_far.cancellation_rate,
      @VAR('rate_prior_weight')
    ) AS shrunk_cancellation_rate
  FROM monthly
  JOIN so_far
    ON so_far.role = monthly.role
    AND so_far.source = monthly.source
    AND so_far.month_start_date = monthly.month_start_date
), part AS (
  SELECT
    *,
    CUME_DIST() OVER (PARTITION BY role, source, month_start_date, currency ORDER BY net_amount)::DECIMAL AS revenue_part,
    1 - shrunk_late_rate AS on_time_part,
    (
      shrunk_review_score - 1
    ) / 4 AS review_part,
    1 - shrunk_cancellation_rate AS cancellation_part
  FROM shrunk
), scored AS (
  /* a part that is not known takes its weight with it */
  SELECT
    *,
    100 * (
      @VAR('score_weight_revenue') * revenue_part + COALESCE(@VAR('score_weight_on_time') * on_time_part, 0) + COALESCE(@VAR('score_weight_review') * review_part, 0) + COALESCE(@VAR('score_weight_cancellation') * cancellation_part, 0)
    ) / (
      @VAR('score_weight_revenue') + CASE WHEN on_time_part IS NULL THEN 0 ELSE @VAR('score_weight_on_time') END + CASE WHEN review_part IS NULL THEN 0 ELSE @VAR('score_weight_review') END + CASE
        WHEN cancellation_part IS NULL
        THEN 0
        ELSE @VAR('score_weight_cancellation')
      END
    ) AS composite_score
  FROM part
), ranked AS (
  SELECT
    *,
    CASE
      WHEN placed_order_count > 0
      THEN RANK() OVER (
        PARTITION BY role, source, month_start_date, currency, placed_order_count > 0
        ORDER BY composite_score DESC
      )
    END AS score_rank
  FROM scored
), moved AS (
  SELECT
    *,
    CASE
      WHEN LAG(month_start_date) OVER one = (
        month_start_date - INTERVAL '1 MONTH'
      )::DATE
      THEN LAG(score_rank) OVER one
    END AS previous_score_rank
  FROM ranked
  WINDOW one AS (PARTITION BY role, source, scored_key, currency ORDER BY month_start_date)
)
SELECT
  role::TEXT AS role,
  source::TEXT AS source,
  month_start_date::DATE AS month_start_date,
  scored_key::UUID AS scored_key,
  net_amount::DECIMAL(18, 4) AS net_amount,
  order_count::INT AS order_count,
  unit_count::BIGINT AS unit_count,
  placed_order_count::INT AS placed_order_count,
  cancelled_order_count::INT AS cancelled_order_count,
  (
    cancelled_order_count::DECIMAL / NULLIF(placed_order_count, 0)
  )::DECIMAL(9, 6) AS cancellation_rate,
  delivered_order_count::INT AS delivered_order_count,
  late_order_count::INT AS late_order_count,
  (
    1 - late_order_count::DECIMAL / NULLIF(delivered_order_count, 0)
  )::DECIMAL(9, 6) AS on_time_rate,
  review_count::INT AS review_count,
  (
    score_sum::DECIMAL / NULLIF(review_count, 0)
  )::DECIMAL(9, 6) AS average_review_score,
  shrunk_review_score::DECIMAL(9, 6) AS shrunk_review_score,
  price_ratio::DECIMAL(18, 6) AS price_ratio,
  revenue_part::DECIMAL(9, 6) AS revenue_part,
  on_time_part::DECIMAL(9, 6) AS on_time_part,
  review_part::DECIMAL(9, 6) AS review_part,
  cancellation_part::DECIMAL(9, 6) AS cancellation_part,
  composite_score::DECIMAL(9, 4) AS composite_score,
  score_rank::INT AS score_rank,
  previous_score_rank::INT AS previous_score_rank,
  (
    previous_score_rank - score_rank
  )::INT AS rank_change,
  currency::TEXT AS currency
FROM moved;

@INDEX_ON(role, source, month_start_date)
