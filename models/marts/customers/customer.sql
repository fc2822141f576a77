MODEL (
  name mart.customer,
  kind FULL,
  owner analytics_engineering,
  grain (source, customer_id, currency),
  references (
    customer_key
  ),
  tags (mart, customers),
  audits (
    not_null(
      columns := (customer_key, source, customer_id, currency, order_count, net_amount, as_of_date)
    ),
    unique_combination_of_columns(columns := (source, customer_id, currency)),
    not_null(
      columns := (recency_days, r_score, f_score, m_score, segment, monetary_tier),
      condition := order_count > 0
    ),
    accepted_values(column := monetary_tier, is_in := ('standard', 'high', 'ultra', 'super')),
    totals_match(
      columns := (source, currency),
      measures := (order_count, unit_count, gross_amount, discount_amount),
      parent := mart.order_sale,
      parent_columns := (source, currency),
      parent_measures := (1, unit_count, gross_amount, discount_amount),
      parent_condition := NOT customer_id IS NULL
    ),
    totals_match(
      columns := (source, currency),
      measures := (
        net_amount
      ),
      parent := core.fct_order_line,
      parent_columns := (source, currency),
      parent_measures := (
        net_amount
      ),
      parent_condition := line_kind = 'product' AND NOT is_cancelled AND NOT customer_id IS NULL
    )
  ),
  description 'One row per source, known customer (as of now) and currency in which the customer bought or brought back merchandise. As of the last order_date of the source, never of today. Customers of whom the data holds returns only have order_count 0 and no scores. Scores, days and rates are not additive; never add amounts over currencies. Answers: who are the best customers, who is new, who is slipping away.',
  column_descriptions (
    customer_key = 'The customer''s current version, in core.dim_customer.',
    source = 'The shop.',
    customer_id = 'The customer''s natural key in its source.',
    currency = 'Currency of the amounts, ISO 4217.',
    city = 'City of the customer''s current address.',
    state = 'State or province of it.',
    country_code = 'Country of it, ISO 3166-1 alpha-2.',
    is_deleted = 'The shop took the customer out of its books.',
    as_of_date = 'The last order_date of the source: recency, tenure and churn are told for this day.',
    first_order_date = 'Day of the first order.',
    second_order_date = 'Day of the second order; empty while there is none.',
    last_order_date = 'Day of the last order.',
    first_channel = 'Where the first order was placed: web, marketplace, store.',
    first_product_id = 'The product that the customer spent most on in the first order; of equals the one with the smallest product_id.',
    order_count = 'Orders that sold merchandise, cancelled ones left out; a document of returns, corrections or stock movements alone is none. Adds up over time, channel, store, place and customer.',
    order_day_count = 'Different days with such an order: several invoices of one day are one visit.',
    unit_count = 'Pieces of merchandise sold; returned pieces are not taken off. Adds up over time, channel, store, place, category, product and customer.',
    gross_amount = 'List price × quantity of the merchandise sold, before discounts and returns; cancelled orders left out. Adds up over time, channel, store, place, category, product and customer, never over currencies.',
    discount_amount = 'What was taken off the list price of the merchandise sold, positive. Adds up over time, channel, store, place, category, product and customer, never over currencies.',
    return_amount = 'Net value of the merchandise that came back, positive, on the day of the refund. Adds up over time, channel, store, place, category, product and customer, never over currencies.',
    net_amount = 'Revenue: gross sales less discounts less returns on the day of the refund; tax as in the source''s prices, freight left out. Adds up over time, channel, store, place, category, product and customer, never over currencies.',
    average_order_value = 'Net sales by order. Not additive.',
    return_rate = 'Returns on the day of the refund as a share of gross sales less discounts; above 1 when more came back than was sold. Not additive.',
    recency_days = 'Days from the last order to the last order_date of the source. Not additive.',
    tenure_days = 'Days from the first order to the last order_date of the source. Not additive.',
    second_order_days = 'Days from the first order to the second, 0 where both fell on one day; empty while there is no second one. Not additive.',
    mean_gap_days = 'Mean days between days with an order; empty with one such day. Not additive.',
    median_gap_days = 'Median of the same. Not additive.',
    longest_gap_days = 'Longest of the same. Not additive.',
    r_score = 'Recency, 1 (worst) to 5: 1 + five times the share of the source''s customers who bought less recently, rounded down. Equal values have equal scores. Not additive.',
    f_score = 'Frequency: the same for customers with fewer orders. Not additive.',
    m_score = 'Monetary value: the same for customers with a smaller net_amount. Not additive.',
    segment = 'RFM segment by r_score and f_score, from seed.rfm_segment.',
    recommended_action = 'What to do with customers of the segment.',
    monetary_tier = 'net_amount against the median of the source''s customers: high above it, ultra above twice, super above four times of it, else standard.',
    is_new = 'The first order fell into the month of as_of_date.',
    is_repeat = 'The customer has ordered at least twice.',
    usual_gap_days = 'The customer''s own rhythm: mean of the own gaps and one more, which alone counts for customers with one day of orders: the mean of the mean gaps of the source''s customers. Not additive.',
    churn_limit_days = 'usual_gap_days × churn_gap_factor (config.yaml). Not additive.',
    overdue_ratio = 'recency_days by churn_limit_days: from 0.5 on the customer is slipping away, above 1 lost. Not additive.',
    is_churned = 'recency_days is above churn_limit_days: silent for longer than the rhythm explains, which is a lead and no verdict. Empty where nobody of the source ever came back.'
  )
);

WITH as_of AS (
  SELECT
    source,
    MAX(order_date) AS as_of_date
  FROM core.fct_order
  GROUP BY
    source
), sale AS (
  SELECT
    *,
    ROW_NUMBER() OVER earlier AS order_number,
    NULLIF(order_date - LAG(order_date) OVER earlier, 0) AS gap_days /* one day is one visit */
  FROM mart.order_sale
  WHERE
    NOT customer_id IS NULL
  WINDOW earlier AS (
    PARTITION BY source, currency, customer_id
    ORDER BY order_date, ordered_at, order_id
  )
), bought AS (
  SELECT
    source,
    currency,
    customer_id,
    COUNT(*) AS order_count,
    COUNT(gap_days) AS gap_count,
    SUM(gap_days) AS total_gap_days,
    PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY
      gap_days) AS median_gap_days,
    MAX(gap_days) AS longest_gap_days,
    MIN(order_key::TEXT) FILTER(WHERE
      order_number = 1)::UUID AS first_order_key,
    MIN(channel) FILTER(WHERE
      order_number = 1) AS first_channel,
    MIN(order_date) AS first_order_date,
    MIN(order_date) FILTER(WHERE
      order_number = 2) AS second_order_date,
    MAX(order_date) AS last_order_date,
    SUM(unit_count) AS unit_count,
    SUM(gross_amount) AS gross_amount,
    SUM(discount_amount) AS discount_amount
  FROM sale
  GROUP BY
    source,
    currency,
    customer_id
), first_product AS (
  SELECT DISTINCT ON (line.order_key)
    line.order_key,
    line.product_id
  FROM sale
  JOIN core.fct_order_line AS line
    ON line.order_key = sale.order_key
  WHERE
    sale.order_number = 1 AND line.line_kind = 'product' AND NOT line.is_return
  GROUP BY
    line.order_key,
    line.product_id
  ORDER BY
    line.order_key,
    SUM(line.net_amount) DESC,
    line.product_id
), returned AS (
  SELECT
    source,
    currency,
    customer_id,
    -SUM(net_amount) AS return_amount
  FROM core.fct_order_line
  WHERE
    line_kind = 'product'
    AND is_return
    AND NOT is_cancelled
    AND NOT customer_id IS NULL
  GROUP BY
    source,
    currency,
    customer_id
), customer AS (
  SELECT
    source,
    currency,
    customer_id,
    COALESCE(bought.order_count, 0) AS order_count,
    bought.gap_count,
    COALESCE(bought.total_gap_days, 0) AS total_gap_days,
    bought.median_gap_days,
    bought.longest_gap_days,
    bought.first_order_key,
    bought.first_channel,
    bought.first_order_date,
    bought.second_order_date,
    bought.last_order_date,
    COALESCE(bought.unit_count, 0) AS unit_count,
    COALESCE(bought.gross_amount, 0) AS gross_amount,
    COALESCE(bought.discount_amount, 0) AS discount_amount,
    COALESCE(returned.return_amount, 0) AS return_amount,
    COALESCE(bought.gross_amount - bought.discount_amount, 0) - COALESCE(returned.return_amount, 0) AS net_amount,
    NOT bought.order_count IS NULL AS is_buyer
  FROM bought
  FULL JOIN returned
    USING (source, currency, customer_id)
), middle AS (
  SELECT
    source,
    currency,
    PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY
      net_amount)::DECIMAL(18, 4) AS median_net_amount
  FROM customer
  WHERE
    is_buyer
  GROUP BY
    source,
    currency
), scored AS (
  /* A score counts the customers who are strictly worse, so equal values cannot get different scores. */
  SELECT
    *,
    RANK() OVER (PARTITION BY source, currency, is_buyer ORDER BY last_order_date) - 1 AS less_recent_count,
    RANK() OVER (PARTITION BY source, currency, is_buyer ORDER BY order_count) - 1 AS less_frequent_count,
    RANK() OVER (PARTITION BY source, currency, is_buyer ORDER BY net_amount) - 1 AS less_valuable_count,
    COUNT(*) OVER everybody AS everybody_count,
    AVG(total_gap_days::DECIMAL / NULLIF(gap_count, 0)) OVER everybody AS source_gap_days
  FROM customer
  WINDOW everybody AS (PARTITION BY source, currency, is_buyer)
), judged AS (
  SELECT
    scored.*,
    as_of.as_of_date,
    as_of.as_of_date - scored.last_order_date AS recency_days,
    middle.median_net_amount,
    CASE
      WHEN scored.is_buyer
      THEN 1 + 5 * scored.less_recent_count / scored.everybody_count
    END AS r_score,
    CASE
      WHEN scored.is_buyer
      THEN 1 + 5 * scored.less_frequent_count / scored.everybody_count
    END AS f_score,
    CASE
      WHEN scored.is_buyer
      THEN 1 + 5 * scored.less_valuable_count / scored.everybody_count
    END AS m_score,
    (
      scored.total_gap_days + scored.source_gap_days
    ) / (
      scored.gap_count + 1
    ) AS usual_gap_days
  FROM scored
  LEFT JOIN as_of
    ON as_of.source = scored.source
  LEFT JOIN middle
    ON middle.source = scored.source AND middle.currency = scored.currency
)
SELECT
  COALESCE(member.customer_key, @UNKNOWN_KEY())::UUID AS customer_key,
  judged.source::TEXT AS source,
  judged.customer_id::TEXT AS customer_id,
  judged.currency::TEXT AS currency,
  member.city::TEXT AS city,
  member.state::TEXT AS state,
  member.country_code::TEXT AS country_code,
  member.is_deleted::BOOLEAN AS is_deleted,
  judged.as_of_date::DATE AS as_of_date,
  judged.first_order_date::DATE AS first_order_date,
  judged.second_order_date::DATE AS second_order_date,
  judged.last_order_date::DATE AS last_order_date,
  judged.first_channel::TEXT AS first_channel,
  first_product.product_id::TEXT AS first_product_id,
  judged.order_count::INT AS order_count,
  COALESCE(judged.gap_count + 1, 0)::INT AS order_day_count,
  judged.unit_count::BIGINT AS unit_count,
  judged.gross_amount::DECIMAL(18, 4) AS gross_amount,
  judged.discount_amount::DECIMAL(18, 4) AS discount_amount,
  judged.return_amount::DECIMAL(18, 4) AS return_amount,
  judged.net_amount::DECIMAL(18, 4) AS net_amount,
  (
    judged.net_amount / NULLIF(judged.order_count, 0)
  )::DECIMAL(18, 4) AS average_order_value,
  (
    judged.return_amount / NULLIF(judged.gross_amount - judged.discount_amount, 0)
  )::DECIMAL(18, 6) AS return_rate,
  judged.recency_days::INT AS recency_days,
  (
    judged.as_of_date - judged.first_order_date
  )::INT AS tenure_days,
  (
    judged.second_order_date - judged.first_order_date
  )::INT AS second_order_days,
  (
    judged.total_gap_days::DECIMAL / NULLIF(judged.gap_count, 0)
  )::DECIMAL(9, 2) AS mean_gap_days,
  judged.median_gap_days::DECIMAL(9, 1) AS median_gap_days,
  judged.longest_gap_days::INT AS longest_gap_days,
  judged.r_score::INT AS r_score,
  judged.f_score::INT AS f_score,
  judged.m_score::INT AS m_score,
  rfm_segment.segment::TEXT AS segment,
  rfm_segment.recommended_action::TEXT AS recommended_action,
  CASE
    WHEN NOT judged.is_buyer
    THEN NULL
    WHEN judged.net_amount > 4 * judged.median_net_amount
    THEN 'super'
    WHEN judged.net_amount > 2 * judged.median_net_amount
    THEN 'ultra'
    WHEN judged.net_amount > judged.median_net_amount
    THEN 'high'
    ELSE 'standard'
  END::TEXT AS monetary_tier,
  (
    judged.first_order_date >= DATE_TRUNC('MONTH', judged.as_of_date)
  )::BOOLEAN AS is_new,
  (
    judged.order_count > 1
  )::BOOLEAN AS is_repeat,
  judged.usual_gap_days::DECIMAL(9, 2) AS usual_gap_days,
  (
    judged.usual_gap_days * @VAR('churn_gap_factor')
  )::DECIMAL(9, 2) AS churn_limit_days,
  (
    judged.recency_days / (
      judged.usual_gap_days * @VAR('churn_gap_factor')
    )
  )::DECIMAL(18, 6) AS overdue_ratio,
  (
    judged.recency_days > judged.usual_gap_days * @VAR('churn_gap_factor')
  )::BOOLEAN AS is_churned
FROM judged
LEFT JOIN core.dim_customer AS member
  ON member.source = judged.source
  AND member.customer_id = judged.customer_id
  AND member.is_current
LEFT JOIN first_product
  ON first_product.order_key = judged.first_order_key
LEFT JOIN seed.rfm_segment AS rfm_segment
  ON rfm_segment.r_score = judged.r_score AND rfm_segment.f_score = judged.f_score;

@INDEX_ON(source, customer_id)
