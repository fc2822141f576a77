MODEL (
  name mart.seller_monthly,
  kind FULL,
  owner analytics_engineering,
  grain (source, month_start_date, seller_key, currency),
  references (
    seller_key
  ),
  tags (mart, sellers),
  depends_on (
    core.fct_order_line
  ),
  audits (
    not_null(
      columns := (
        source,
        month_start_date,
        seller_key,
        currency,
        net_amount,
        order_count,
        composite_score
      )
    ),
    unique_combination_of_columns(columns := (source, month_start_date, seller_key, currency)),
    totals_match(
      columns := (source, month_start_date, currency),
      measures := (
        net_amount
      ),
      parent := core.fct_order_line,
      parent_columns := (source, DATE_TRUNC('MONTH', COALESCE(return_date, order_date))::DATE, currency),
      parent_measures := (
        net_amount
      ),
      parent_condition := line_kind = 'product' AND NOT is_cancelled AND seller_key <> @UNKNOWN_KEY()
    ),
    totals_match(
      columns := (source, month_start_date, currency),
      measures := (
        unit_count
      ),
      parent := core.fct_order_line,
      parent_columns := (source, DATE_TRUNC('MONTH', order_date)::DATE, currency),
      parent_measures := (
        quantity
      ),
      parent_condition := line_kind = 'product'
      AND NOT is_cancelled
      AND NOT is_return
      AND seller_key <> @UNKNOWN_KEY()
    )
  ),
  description 'One row per source, month, seller and currency with orders or returns, with a score from 0 to 100 made of revenue, punctuality, reviews and cancellations, whose parts stand beside it. An order of several sellers counts for each, with its delivery and its reviews: never add orders or reviews over sellers. Answers: which sellers do well, which are late, who moves up or down.',
  column_descriptions (
    source = 'The shop.',
    month_start_date = 'First day of the month of the orders; for returns that of the refund.',
    seller_key = 'The seller, in core.dim_seller.',
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
    price_ratio = 'What customers paid for the seller''s goods, against what the same pieces cost at the month''s mean price of the category of each; 1 where it is the same, empty where nothing was sold or no such mean is known. Not additive.',
    revenue_part = 'Part of the score, 0 to 1: the share of the month''s sellers that did not have more net sales. Not additive.',
    on_time_part = 'Part of the score, 0 to 1: on-time rate, with rate_prior_weight (config.yaml) deliveries at the source''s rate so far added; empty where the source knows of none. Not additive.',
    review_part = 'Part of the score, 0 to 1: shrunk_review_score from worst to best; empty where the source knows of no reviews. Not additive.',
    cancellation_part = 'Part of the score, 0 to 1: share of orders not cancelled, with rate_prior_weight orders at the source''s rate so far added. Not additive.',
    composite_score = 'Score from 0 (worst) to 100: the mean of revenue_part, on_time_part, review_part and cancellation_part with the weights score_weight_… of config.yaml; a part that is not known takes its weight with it. Not additive.',
    score_rank = 'Place by composite_score among the sellers that had orders in the month, 1 the best; empty for others. Not additive.',
    previous_score_rank = 'The place in the month before; empty where there was none.',
    rank_change = 'Places won (positive) or lost against the month before. Not additive.',
    currency = 'Currency of the amount, ISO 4217.'
  )
);

SELECT
  source::TEXT AS source,
  month_start_date::DATE AS month_start_date,
  scored_key::UUID AS seller_key,
  net_amount::DECIMAL(18, 4) AS net_amount,
  order_count::INT AS order_count,
  unit_count::BIGINT AS unit_count,
  placed_order_count::INT AS placed_order_count,
  cancelled_order_count::INT AS cancelled_order_count,
  cancellation_rate::DECIMAL(9, 6) AS cancellation_rate,
  delivered_order_count::INT AS delivered_order_count,
  late_order_count::INT AS late_order_count,
  on_time_rate::DECIMAL(9, 6) AS on_time_rate,
  review_count::INT AS review_count,
  average_review_score::DECIMAL(9, 6) AS average_review_score,
  shrunk_review_score::DECIMAL(9, 6) AS shrunk_review_score,
  price_ratio::DECIMAL(18, 6) AS price_ratio,
  revenue_part::DECIMAL(9, 6) AS revenue_part,
  on_time_part::DECIMAL(9, 6) AS on_time_part,
  review_part::DECIMAL(9, 6) AS review_part,
  cancellation_part::DECIMAL(9, 6) AS cancellation_part,
  composite_score::DECIMAL(9, 4) AS composite_score,
  score_rank::INT AS score_rank,
  previous_score_rank::INT AS previous_score_rank,
  rank_change::INT AS rank_change,
  currency::TEXT AS currency
FROM mart.scorecard_monthly
WHERE
  role = 'seller';

@INDEX_ON(source, month_start_date)
