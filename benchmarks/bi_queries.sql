-- What a BI tool sends: each a filter, a grouping, a top-n over the views of bi, over every one of them.
-- A line that begins with two dashes and a number is the question; benchmarks/bi_queries.py times them.

-- 1 Net sales, orders and growth by month, whole shop
SELECT month_start_date, currency, net_amount, order_count, average_order_value, net_year_over_year_growth
FROM bi.sales_monthly
WHERE source = 'store' AND channel = 'all'
ORDER BY month_start_date;

-- 2 Every source in one currency, by month
SELECT month_start_date, source, net_reporting_amount, reporting_currency
FROM bi.sales_monthly
WHERE channel = 'all'
ORDER BY month_start_date, source;

-- 3 Net sales by week and channel, last half year
SELECT DATE_TRUNC('week', sales_date)::DATE AS week_start_date, channel, SUM(net_amount) AS net_amount
FROM bi.sales_daily
WHERE source = 'store' AND sales_date > (SELECT MAX(sales_date) - 182 FROM bi.sales_daily WHERE source = 'store')
GROUP BY 1, 2
ORDER BY 1, 2;

-- 4 Twenty cities with the most net sales, all days
SELECT customer_state, customer_city, SUM(net_amount) AS net_amount, SUM(order_count) AS order_count
FROM bi.sales_daily
WHERE source = 'store'
GROUP BY customer_state, customer_city
ORDER BY net_amount DESC
LIMIT 20;

-- 5 Stores in the last 28 days
SELECT store_id, store_name, SUM(net_amount) AS net_amount, SUM(return_amount) AS return_amount, SUM(order_count) AS order_count
FROM bi.sales_daily
WHERE source = 'store' AND channel = 'store'
  AND sales_date > (SELECT MAX(sales_date) - 28 FROM bi.sales_daily WHERE source = 'store')
GROUP BY store_id, store_name
ORDER BY net_amount DESC;

-- 6 Trend of 7 and 28 days against a year before
SELECT sales_date, net_amount, net_7_day_amount, net_28_day_amount, net_28_day_year_over_year_growth
FROM bi.sales_trend
WHERE source = 'store' AND channel = 'all'
ORDER BY sales_date DESC
LIMIT 400;

-- 7 Mean sales of holidays, weekends and other days
SELECT calendar.is_holiday_in, calendar.is_weekend, COUNT(*) AS day_count, AVG(sales.net_amount) AS net_per_day_amount
FROM bi.sales_trend AS sales
JOIN bi.calendar AS calendar ON calendar.calendar_date = sales.sales_date
WHERE sales.source = 'store' AND sales.channel = 'all'
GROUP BY calendar.is_holiday_in, calendar.is_weekend;

-- 8 Categories by month and channel
SELECT DATE_TRUNC('month', sales_date)::DATE AS month_start_date, channel, category,
  SUM(net_amount) AS net_amount, SUM(unit_count) AS unit_count
FROM bi.category_sales
WHERE source = 'store'
GROUP BY 1, 2, 3
ORDER BY 1, 2, 4 DESC;

-- 9 Categories that grew most in the last whole month
SELECT category, net_amount, net_share_rate, net_month_over_month_growth
FROM bi.category_sales_monthly
WHERE source = 'store' AND channel = 'all' AND is_complete
  AND month_start_date = (SELECT MAX(month_start_date) FROM bi.category_sales_monthly WHERE source = 'store' AND is_complete)
ORDER BY net_month_over_month_growth DESC NULLS LAST
LIMIT 10;

-- 10 Twenty products with the most net sales
SELECT product_id, product_name, category, net_amount, unit_count, margin_rate, return_rate, bayesian_review_score
FROM bi.product_performance
WHERE source = 'store'
ORDER BY net_amount DESC
LIMIT 20;

-- 11 Products by ABC and XYZ class
SELECT abc_class, xyz_class, COUNT(*) AS product_count, SUM(net_amount) AS net_amount
FROM bi.product_performance
WHERE source = 'store'
GROUP BY abc_class, xyz_class
ORDER BY abc_class, xyz_class;

-- 12 Largest changes of price
SELECT product_id, valid_from_at, previous_price_amount, price_amount, change_rate
FROM bi.product_price
WHERE source = 'store'
ORDER BY ABS(change_rate) DESC NULLS LAST
LIMIT 20;

-- 13 What is bought with one product
SELECT product_b_name, basket_count, confidence_a_to_b_rate, lift
FROM bi.product_pair
WHERE source = 'online_retail' AND product_a_id = '85123A'
ORDER BY lift DESC
LIMIT 20;

-- 14 Categories bought together
SELECT category_a, category_b, basket_count, support_rate, lift
FROM bi.category_pair
WHERE source = 'store'
ORDER BY lift DESC
LIMIT 20;

-- 15 Bought in stores by those who buy on the web
SELECT web_product_name, store_product_name, customer_count, confidence_web_to_store_rate, lift
FROM bi.channel_pair
WHERE source = 'store'
ORDER BY customer_count DESC, lift DESC
LIMIT 20;

-- 16 Segments of customers
SELECT source, segment, customer_count, net_amount, currency, net_share_rate, median_recency_days
FROM bi.customer_segment
ORDER BY source, net_amount DESC;

-- 17 A hundred good customers who are overdue
SELECT customer_id, segment, net_amount, last_order_date, recency_days, usual_gap_days, overdue_ratio
FROM bi.customer_value
WHERE source = 'store' AND is_churned AND m_score = 5
ORDER BY net_amount DESC
LIMIT 100;

-- 18 Customers and revenue by state and tier
SELECT state, monetary_tier, COUNT(*) AS customer_count, SUM(net_amount) AS net_amount
FROM bi.customer_value
WHERE source = 'store'
GROUP BY state, monetary_tier
ORDER BY net_amount DESC;

-- 19 Retention by cohort
SELECT acquisition_month_start_date, month_number, cohort_customer_count, retention_rate, cumulative_per_customer_amount
FROM bi.cohort
WHERE source = 'store' AND month_number BETWEEN 0 AND 12
ORDER BY acquisition_month_start_date, month_number;

-- 20 Retention as a triangle
SELECT *
FROM bi.cohort_triangle
WHERE source = 'store' AND measure = 'retention_rate'
ORDER BY acquisition_month_start_date;

-- 21 New against returning customers by month
SELECT month_start_date, customer_type, customer_count, net_amount
FROM bi.new_returning_customer
WHERE source = 'store'
ORDER BY month_start_date, customer_type;

-- 22 Value of the stock, overstock and dead stock, by place and category
SELECT location_name, category, SUM(stock_value_amount) AS stock_value_amount,
  SUM(stock_value_amount) FILTER (WHERE is_overstock) AS overstock_amount,
  SUM(stock_value_amount) FILTER (WHERE is_dead_stock) AS dead_stock_amount
FROM bi.inventory
WHERE source = 'store'
GROUP BY location_name, category
ORDER BY stock_value_amount DESC;

-- 23 Stock-outs by day and place, last 28 days
SELECT snapshot_date, location_name, COUNT(*) AS product_count, AVG(is_stock_out::INT) AS stock_out_rate
FROM bi.inventory_daily
WHERE source = 'store' AND snapshot_date > (SELECT MAX(snapshot_date) - 28 FROM bi.inventory_daily)
GROUP BY snapshot_date, location_name
ORDER BY snapshot_date, location_name;

-- 24 One product's stock in one place, day by day
SELECT snapshot_date, on_hand_quantity, received_quantity, issued_quantity, demand_quantity
FROM bi.inventory_daily
WHERE source = 'store'
  AND (location_id, product_id) = (SELECT location_id, product_id FROM bi.reorder_list ORDER BY suggested_order_amount DESC LIMIT 1)
ORDER BY snapshot_date;

-- 25 What to reorder, the most valuable first
SELECT location_name, product_id, product_name, on_hand_quantity, days_of_supply, suggested_order_quantity, suggested_order_amount
FROM bi.reorder_list
WHERE source = 'store'
ORDER BY suggested_order_amount DESC
LIMIT 100;

-- 26 Deliveries in time by month and channel
SELECT source, channel, month_start_date, delivered_order_count, on_time_rate, median_delivery_days
FROM bi.delivery
ORDER BY source, channel, month_start_date;

-- 27 Routes with the most late parcels
SELECT source, origin, destination_state, destination_city, carrier, parcel_count, on_time_parcel_rate, average_distance_km
FROM bi.delivery_route
WHERE parcel_count >= 20
ORDER BY late_parcel_count DESC
LIMIT 20;

-- 28 How late, and what it costs in reviews
SELECT delay.source, delay.channel, delay.delay_bucket, delay.delivered_order_count, review.average_review_score, review.score_difference
FROM bi.delay_distribution AS delay
LEFT JOIN bi.review_by_delay AS review USING (source, channel, bucket_number)
ORDER BY delay.source, delay.channel, delay.bucket_number;

-- 29 Categories and sellers with the lowest scores
SELECT 'category' AS subject, source, category AS name, review_count, shrunk_review_score
FROM bi.review_category
UNION ALL
SELECT 'seller', source, seller_id, review_count, shrunk_review_score
FROM bi.review_seller
ORDER BY shrunk_review_score
LIMIT 20;

-- 30 Scores by month
SELECT month_start_date, SUM(review_count) AS review_count,
  SUM(score_1_count) AS score_1_count, SUM(score_5_count) AS score_5_count
FROM bi.review_summary
WHERE source = 'store'
GROUP BY month_start_date
ORDER BY month_start_date;

-- 31 Sellers that rank first in their last month, with where they are
SELECT ranking.month_start_date, ranking.seller_id, place.city, place.state, ranking.composite_score, ranking.rank_change
FROM bi.seller_ranking AS ranking
JOIN bi.seller AS seller USING (seller_key)
JOIN bi.geography AS place ON place.geography_key = seller.geography_key
WHERE ranking.source = 'olist' AND ranking.score_rank <= 10
ORDER BY ranking.month_start_date DESC, ranking.score_rank
LIMIT 10;

-- 32 Stores by month with their warehouse
SELECT ranking.month_start_date, ranking.store_name, store.supplied_by_store_id, ranking.net_amount, ranking.composite_score, ranking.score_rank
FROM bi.store_ranking AS ranking
JOIN bi.store AS store USING (store_key)
WHERE ranking.source = 'store'
ORDER BY ranking.month_start_date DESC, ranking.score_rank;

-- 33 Orders of one day, the largest first
SELECT order_id, channel, status, line_count, order_amount, review_score
FROM bi.order_header
WHERE source = 'store' AND order_date = (SELECT MAX(order_date) FROM bi.order_header WHERE source = 'store')
ORDER BY order_amount DESC
LIMIT 100;

-- 34 Brands in the last seven days, from the lines
SELECT product.brand, SUM(line.net_amount) AS net_amount, SUM(line.quantity) AS quantity
FROM bi.order_line AS line
JOIN bi.product AS product USING (product_key)
WHERE line.source = 'store' AND line.line_kind = 'product' AND NOT line.is_cancelled
  AND line.order_date > (SELECT MAX(order_date) - 7 FROM bi.order_line WHERE source = 'store')
GROUP BY product.brand
ORDER BY net_amount DESC;

-- 35 After how many days goods come back, last 90 days
SELECT back.return_days, COUNT(*) AS line_count
FROM bi.order_return AS back
WHERE back.source = 'store' AND back.return_date > (SELECT MAX(return_date) - 90 FROM bi.order_return WHERE source = 'store')
GROUP BY back.return_days
ORDER BY back.return_days;

-- 36 Means of payment, last 28 days
SELECT method, COUNT(*) AS payment_count, SUM(paid_amount) AS paid_amount
FROM bi.payment
WHERE source = 'store' AND order_date > (SELECT MAX(order_date) - 28 FROM bi.payment WHERE source = 'store')
GROUP BY method
ORDER BY paid_amount DESC;

-- 37 Low scores of the last 28 days
SELECT order_date, order_id, product_id, score, has_comment
FROM bi.review
WHERE source = 'store' AND score <= 2
  AND order_date > (SELECT MAX(order_date) - 28 FROM bi.review WHERE source = 'store')
ORDER BY order_date DESC
LIMIT 100;

-- 38 Carriers in the last 28 days
SELECT carrier, COUNT(*) AS parcel_count, AVG(transit_days) AS transit_days, AVG(is_late::INT) AS late_rate
FROM bi.shipment
WHERE source = 'store' AND handed_over_date > (SELECT MAX(handed_over_date) - 28 FROM bi.shipment WHERE source = 'store')
GROUP BY carrier
ORDER BY parcel_count DESC;

-- 39 Stock as counted on the last day, by place
SELECT location_id, SUM(on_hand_quantity) AS on_hand_quantity, SUM(is_stock_out::INT) AS stock_out_count
FROM bi.inventory_snapshot
WHERE source = 'store' AND snapshot_date = (SELECT MAX(snapshot_date) FROM bi.inventory_snapshot)
GROUP BY location_id;

-- 40 Customers by state, and who may be written to
SELECT state, COUNT(*) AS customer_count, COUNT(*) FILTER (WHERE has_marketing_consent) AS consenting_count
FROM bi.customer
WHERE source = 'store' AND is_current AND NOT is_deleted
GROUP BY state
ORDER BY customer_count DESC;

-- 41 What a measure means
SELECT metric, label, definition, unit, additive_over
FROM bi.metric
ORDER BY metric;

-- 42 A hundred valuable customers who are about to leave, and what to offer them
SELECT customer_id, learned_segment, clv_tier, clv_amount, next_90_days_rate, next_product_id
FROM bi.customer_score
WHERE source = 'store' AND clv_tier IN ('Diamond', 'Gold')
ORDER BY next_90_days_rate, clv_amount DESC
LIMIT 100;

-- 43 Value by tier
SELECT tier, COUNT(*) AS customer_count, SUM(clv_amount) AS clv_amount, AVG(p_alive_rate) AS p_alive_rate
FROM bi.customer_clv
WHERE source = 'store'
GROUP BY tier
ORDER BY clv_amount DESC;

-- 44 Learned segments, and the customers of the most valuable one
SELECT profile.segment, profile.customer_count, profile.net_share_rate, COUNT(customer.customer_id) AS listed_count
FROM bi.learned_segment AS profile
LEFT JOIN bi.customer_learned_segment AS customer
  ON customer.source = profile.source AND customer.currency = profile.currency AND customer.segment = profile.segment
  AND profile.cluster_number = 1
WHERE profile.source = 'store'
GROUP BY profile.segment, profile.customer_count, profile.net_share_rate;

-- 45 Churn risks by horizon
SELECT horizon_days, COUNT(*) AS customer_count, COUNT(*) FILTER (WHERE is_churn_risk) AS risk_count
FROM bi.customer_propensity
WHERE source = 'store'
GROUP BY horizon_days;

-- 46 How well chances are calibrated, and what drives them
SELECT decile.horizon_days, decile.decile, decile.predicted_rate, decile.actual_rate, driver.driver
FROM bi.propensity_decile AS decile
LEFT JOIN bi.propensity_driver AS driver
  ON driver.source = decile.source AND driver.horizon_days = decile.horizon_days AND driver.importance_rank = 1
WHERE decile.source = 'store'
ORDER BY decile.horizon_days, decile.decile;

-- 47 Weekly revenue and its forecast
SELECT period_start_date, actual_amount, forecast_amount, low_80_amount, high_80_amount
FROM bi.sales_forecast
WHERE source = 'store' AND category = 'all' AND period_kind = 'week'
ORDER BY period_start_date;

-- 48 Fifty products with the highest expected demand
SELECT product_id, product_name, store_name, SUM(forecast_units) AS forecast_units
FROM bi.product_demand_forecast
WHERE source = 'store'
GROUP BY product_id, product_name, store_name
ORDER BY forecast_units DESC
LIMIT 50;

-- 49 What to offer one customer, and the products like the first of these
SELECT offer.rank, offer.product_name, offer.reason, alike.similar_product_name
FROM bi.product_recommendation AS offer
LEFT JOIN bi.similar_product AS alike
  ON alike.source = offer.source AND alike.product_id = offer.product_id AND alike.rank = 1
WHERE offer.source = 'store' AND offer.customer_id = (SELECT MIN(customer_id) FROM bi.customer_score WHERE source = 'store')
ORDER BY offer.list, offer.rank;

-- 50 Products that are offered most
SELECT next_product_id, next_product_name, COUNT(*) AS customer_count
FROM bi.customer_next_product
WHERE source = 'store'
GROUP BY next_product_id, next_product_name
ORDER BY customer_count DESC
LIMIT 20;

-- 51 Strongest rules
SELECT scope, antecedent_a_name, antecedent_b_name, consequent_name, support_rate, confidence_rate, lift
FROM bi.basket_rule
WHERE source = 'store'
ORDER BY lift DESC
LIMIT 50;

-- 52 What the learned models are worth
SELECT model, part, metric, metric_value, baseline_value, is_better_than_baseline
FROM bi.model_quality
WHERE source = 'store' AND role = 'champion'
ORDER BY model, part, metric;

-- 53 How each evaluation moved
SELECT model, part, method, metric, recorded_at, metric_value, previous_value
FROM bi.model_quality_history
WHERE source = 'store' AND environment = 'prod'
ORDER BY model, part, metric, method, recorded_at;

-- 54 Inputs that drifted
SELECT feature, currency, month_date, psi, psi_limit
FROM bi.input_drift
WHERE source = 'store' AND is_drifted
ORDER BY psi DESC;

-- 55 Scores that drifted
SELECT model, column_name, recorded_at, compared_at, psi
FROM bi.score_drift
WHERE source = 'store' AND is_drifted
ORDER BY psi DESC;

-- 56 Share of checks that hold, by day
SELECT event_date, SUM(failed_count) AS failed_count, SUM(tested_count) AS tested_count
FROM bi.quality_check
WHERE source = 'store'
GROUP BY event_date
ORDER BY event_date;

-- 57 Rows that are left out now, by reason
SELECT table_name, fate, rule_name, SUM(open_count) AS open_count
FROM bi.quality_left_out
WHERE source = 'store'
GROUP BY table_name, fate, rule_name
ORDER BY open_count DESC;

-- 58 Raw rows against the star schema
SELECT entity, SUM(raw_count) AS raw_count, SUM(core_count) AS core_count, SUM(difference_count) AS difference_count
FROM bi.quality_layer
WHERE source = 'store'
GROUP BY entity
ORDER BY entity;

-- 59 The newest loads
SELECT table_name, source_file, loaded_count, rejected_count, finished_at
FROM bi.quality_load
WHERE source = 'store' AND is_current
ORDER BY finished_at DESC
LIMIT 50;

-- 60 Days unlike their weekdays
SELECT entity, measure, event_date, value, expected_value, score
FROM bi.quality_anomaly
WHERE source = 'store'
ORDER BY ABS(score) DESC
LIMIT 50;

-- 61 A quarter's customers and margin by category and weekday
SELECT
  category, weekday, currency, COUNT(DISTINCT customer_id) FILTER (WHERE NOT is_return) AS customer_count,
  SUM(margin_amount) AS margin_amount
FROM bi.merchandise_line
WHERE source = 'store' AND sales_date > (SELECT MAX(sales_date) - 91 FROM bi.sales_daily WHERE source = 'store')
GROUP BY category, weekday, currency
ORDER BY category, weekday, currency;
