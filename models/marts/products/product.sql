MODEL (
  name mart.product,
  kind FULL,
  owner analytics_engineering,
  grain (source, product_id, currency),
  references (
    product_key
  ),
  tags (mart, products),
  audits (
    not_null(
      columns := (product_key, source, product_id, currency, net_amount, order_count, abc_class)
    ),
    unique_combination_of_columns(columns := (source, product_id, currency)),
    accepted_values(column := abc_class, is_in := ('A', 'B', 'C')),
    accepted_values(column := xyz_class, is_in := ('X', 'Y', 'Z')),
    totals_match(
      columns := (source, currency),
      measures := (net_amount, tax_amount),
      parent := core.fct_order_line,
      parent_columns := (source, currency),
      parent_measures := (net_amount, tax_amount),
      parent_condition := line_kind = 'product' AND NOT is_cancelled
    ),
    totals_match(
      columns := (source, currency),
      measures := (gross_amount, discount_amount, unit_count),
      parent := mart.order_sale,
      parent_columns := (source, currency),
      parent_measures := (gross_amount, discount_amount, unit_count)
    ),
    totals_match(
      columns := (source, currency),
      measures := (return_amount, return_unit_count),
      parent := core.fct_order_line,
      parent_columns := (source, currency),
      parent_measures := (-net_amount, -quantity),
      parent_condition := line_kind = 'product' AND is_return AND NOT is_cancelled
    )
  ),
  description 'One row per source, product (as of now) and currency in which it was sold or came back. As of the last order_date of the source, never of today. Orders and customers must not be added over products, because an order holds several; never add amounts over currencies; shares, rates, scores and days are not additive. Answers: what sells, what earns, what comes back, what is new customers'' first choice.',
  column_descriptions (
    product_key = 'The product''s current version, in core.dim_product.',
    source = 'The shop.',
    product_id = 'The product''s natural key in its source.',
    currency = 'Currency of the amounts, ISO 4217.',
    product_name = 'Name, where the source has one.',
    category = 'Category in English, where the source has one.',
    brand = 'Brand, where the source has one.',
    is_deleted = 'The shop took the product out of its catalogue.',
    as_of_date = 'The last order_date of the source.',
    first_sale_date = 'Day of the first sale.',
    last_sale_date = 'Day of the last sale.',
    since_last_sale_days = 'Days from the last sale to as_of_date. Not additive.',
    order_count = 'Orders that sold merchandise, cancelled ones left out; a document of returns, corrections or stock movements alone is none. Adds up over time, channel, store, place and customer.',
    customer_count = 'Different known customers who bought merchandise in the row''s period. Not additive.',
    unit_count = 'Pieces of merchandise sold; returned pieces are not taken off. Adds up over time, channel, store, place, category, product and customer.',
    return_unit_count = 'Pieces of merchandise that came back, positive, on the day of the refund. Adds up over time, channel, store, place, category, product and customer.',
    gross_amount = 'List price × quantity of the merchandise sold, before discounts and returns; cancelled orders left out. Adds up over time, channel, store, place, category, product and customer, never over currencies.',
    discount_amount = 'What was taken off the list price of the merchandise sold, positive. Adds up over time, channel, store, place, category, product and customer, never over currencies.',
    return_amount = 'Net value of the merchandise that came back, positive, on the day of the refund. Adds up over time, channel, store, place, category, product and customer, never over currencies.',
    net_amount = 'Revenue: gross sales less discounts less returns on the day of the refund; tax as in the source''s prices, freight left out. Adds up over time, channel, store, place, category, product and customer, never over currencies.',
    tax_amount = 'Tax that net sales contain; empty where the source tells none. Adds up over time, channel, store, place, category, product and customer, never over currencies.',
    cost_amount = 'What the pieces sold, less those that came back, had cost as of their sale; empty where the cost of any of them is not known.',
    margin_amount = 'Net sales less the tax in them less units × cost as of the sale; empty where tax or cost of any of the lines is not known. Adds up over time, channel, store, place, category, product and customer, never over currencies.',
    margin_rate = 'Margin as a share of net sales without tax. Not additive.',
    return_rate = 'Returns on the day of the refund as a share of gross sales less discounts; above 1 when more came back than was sold. Not additive.',
    first_price_amount = 'First price known, from mart.product_price_history. Not additive.',
    current_price_amount = 'Price that holds now, from there. Not additive.',
    price_basis = 'list: prices of the catalogue; sold: the usual price of a month''s sales, where the source has no list prices.',
    revenue_rank = 'Place by net_amount in the source, 1 the highest; of equals the smallest product_id first.',
    revenue_share_rate = 'Share of the source''s revenue; products that cost more than they brought count as zero. Not additive over sources.',
    cumulative_revenue_rate = 'Share of the products down to this one. Not additive.',
    abc_class = 'A: the products that bring the first abc_a_share of revenue, the one that crosses it included; B up to abc_b_share; C the rest (config.yaml).',
    on_sale_week_count = 'Weeks from the first sale to as_of_date, counted backwards from there.',
    weekly_unit_variation = 'Standard deviation of the pieces sold a week by their mean, over all these weeks, those without a sale as zero. Not additive.',
    xyz_class = 'X: weekly_unit_variation up to xyz_x_variation, Y up to xyz_y_variation, Z above (config.yaml); empty below xyz_least_weeks weeks.',
    review_count = 'Reviews of the product, or of orders with it where the source has its customers review orders. Not additive over products.',
    review_score = 'Mean score of these reviews. Not additive.',
    bayesian_review_score = 'Mean of these scores and of review_prior_weight (config.yaml) scores at the source''s mean: few reviews say little. Empty where the source has no reviews. Not additive.',
    first_order_count = 'First orders of known customers that held the product. Not additive over products.',
    first_order_rate = 'Share of all the first orders of the source that held it. Not additive.'
  )
);

WITH as_of AS (
  SELECT
    source,
    MAX(order_date) AS as_of_date
  FROM core.fct_order
  GROUP BY
    source
), line AS (
  SELECT
    ARRAY_TO_STRING(ARRAY[line.source, line.currency, line.product_id], '|') AS item, /* one column to join by: several of a CTE are taken for independent, and the join becomes quadratic */
    line.source,
    line.product_id,
    line.currency,
    line.order_key,
    line.order_date,
    line.customer_id,
    line.is_return,
    line.quantity,
    line.list_amount,
    line.discount_amount,
    line.net_amount,
    line.tax_amount,
    line.quantity * version.cost_amount AS cost_amount
  FROM core.fct_order_line AS line
  JOIN core.dim_product AS version
    ON version.product_key = line.product_key
  WHERE
    line.line_kind = 'product' AND NOT line.is_cancelled
), total AS (
  SELECT
    item,
    source,
    product_id,
    currency,
    COALESCE(SUM(quantity) FILTER(WHERE
      NOT is_return), 0) AS unit_count,
    COALESCE(-SUM(quantity) FILTER(WHERE
      is_return), 0) AS return_unit_count,
    COALESCE(SUM(list_amount) FILTER(WHERE
      NOT is_return), 0) AS gross_amount,
    COALESCE(SUM(discount_amount) FILTER(WHERE
      NOT is_return), 0) AS discount_amount,
    COALESCE(-SUM(net_amount) FILTER(WHERE
      is_return), 0) AS return_amount,
    SUM(net_amount) AS net_amount,
    SUM(tax_amount) AS tax_amount,
    CASE WHEN COUNT(*) = COUNT(cost_amount) THEN SUM(cost_amount) END AS cost_amount,
    COUNT(*) = COUNT(tax_amount) AS knows_tax
  FROM line
  GROUP BY
    item,
    source,
    product_id,
    currency
), sale AS (
  SELECT
    item,
    source,
    product_id,
    order_key,
    customer_id,
    order_date,
    SUM(quantity) AS unit_count
  FROM line
  WHERE
    NOT is_return
  GROUP BY
    item,
    source,
    product_id,
    order_key,
    customer_id,
    order_date
), first_order AS (
  SELECT DISTINCT ON (source, currency, customer_id)
    source,
    currency,
    order_key
  FROM mart.order_sale
  WHERE
    NOT customer_id IS NULL
  ORDER BY
    source,
    currency,
    customer_id,
    order_date,
    ordered_at,
    order_id
), first_order_total AS (
  SELECT
    source,
    currency,
    COUNT(*) AS order_count
  FROM first_order
  GROUP BY
    source,
    currency
), ordered AS (
  SELECT
    sale.item,
    COUNT(*) AS order_count,
    COUNT(DISTINCT sale.customer_id) AS customer_count,
    MIN(sale.order_date) AS first_sale_date,
    MAX(sale.order_date) AS last_sale_date,
    COUNT(first_order.order_key) AS first_order_count
  FROM sale
  LEFT JOIN first_order
    ON first_order.order_key = sale.order_key
  GROUP BY
    sale.item
), week AS (
  SELECT
    sale.item,
    (
      as_of.as_of_date - sale.order_date
    ) / 7 AS week_number, /* whole weeks, counted backwards */
    SUM(sale.unit_count) AS unit_count
  FROM sale
  LEFT JOIN as_of
    ON as_of.source = sale.source
  GROUP BY
    sale.item,
    (
      as_of.as_of_date - sale.order_date
    ) / 7
), demand AS (
  SELECT
    item,
    MAX(week_number) + 1 AS week_count,
    SUM(unit_count) / (
      MAX(week_number) + 1
    ) AS mean_unit_count,
    SUM(unit_count * unit_count) / (
      MAX(week_number) + 1
    ) AS mean_square
  FROM week
  GROUP BY
    item
), variation AS (
  SELECT
    *,
    SQRT(GREATEST(mean_square - mean_unit_count * mean_unit_count, 0)) / NULLIF(mean_unit_count, 0) AS weekly_unit_variation
  FROM demand
), scored AS (
  SELECT
    source,
    product_id,
    score
  FROM core.fct_review
  WHERE
    NOT product_id IS NULL
  UNION ALL
  SELECT
    review.source,
    reviewed.product_id,
    review.score
  FROM core.fct_review AS review
  JOIN (
    SELECT DISTINCT
      order_key,
      product_id
    FROM sale
  ) AS reviewed
    ON reviewed.order_key = review.order_key
  WHERE
    review.product_id IS NULL
), reviewed AS (
  SELECT
    source,
    product_id,
    COUNT(*) AS review_count,
    SUM(score) AS total_score
  FROM scored
  GROUP BY
    source,
    product_id
), source_review AS (
  SELECT
    source,
    AVG(score) AS mean_score
  FROM core.fct_review
  GROUP BY
    source
), price AS (
  SELECT DISTINCT ON (source, product_id, currency)
    source,
    product_id,
    currency,
    price_basis,
    price_amount AS current_price_amount,
    FIRST_VALUE(price_amount) OVER (PARTITION BY source, product_id, currency ORDER BY valid_from_at) AS first_price_amount
  FROM mart.product_price_history
  ORDER BY
    source,
    product_id,
    currency,
    valid_from_at DESC
), ranked AS (
  SELECT
    *,
    ROW_NUMBER() OVER best_first AS revenue_rank,
    GREATEST(net_amount, 0) / NULLIF(SUM(GREATEST(net_amount, 0)) OVER (PARTITION BY source, currency), 0) AS revenue_share_rate,
    SUM(GREATEST(net_amount, 0)) OVER best_first / NULLIF(SUM(GREATEST(net_amount, 0)) OVER (PARTITION BY source, currency), 0) AS cumulative_revenue_rate
  FROM total
  WINDOW best_first AS (
    PARTITION BY source, currency
    ORDER BY net_amount DESC, product_id
    ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
  )
)
SELECT
  COALESCE(member.product_key, @UNKNOWN_KEY())::UUID AS product_key, /* sold, and in no catalogue */
  total.source::TEXT AS source,
  total.product_id::TEXT AS product_id,
  total.currency::TEXT AS currency,
  member.product_name::TEXT AS product_name,
  member.category::TEXT AS category,
  member.brand::TEXT AS brand,
  member.is_deleted::BOOLEAN AS is_deleted,
  as_of.as_of_date::DATE AS as_of_date,
  ordered.first_sale_date::DATE AS first_sale_date,
  ordered.last_sale_date::DATE AS last_sale_date,
  (
    as_of.as_of_date - ordered.last_sale_date
  )::INT AS since_last_sale_days,
  COALESCE(ordered.order_count, 0)::BIGINT AS order_count,
  COALESCE(ordered.customer_count, 0)::BIGINT AS customer_count,
  total.unit_count::BIGINT AS unit_count,
  total.return_unit_count::BIGINT AS return_unit_count,
  total.gross_amount::DECIMAL(18, 4) AS gross_amount,
  total.discount_amount::DECIMAL(18, 4) AS discount_amount,
  total.return_amount::DECIMAL(18, 4) AS return_amount,
  total.net_amount::DECIMAL(18, 4) AS net_amount,
  total.tax_amount::DECIMAL(18, 4) AS tax_amount,
  total.cost_amount::DECIMAL(18, 4) AS cost_amount,
  CASE
    WHEN total.knows_tax
    THEN total.net_amount - total.tax_amount - total.cost_amount
  END::DECIMAL(18, 4) AS margin_amount,
  CASE
    WHEN total.knows_tax
    THEN (
      total.net_amount - total.tax_amount - total.cost_amount
    ) / NULLIF(total.net_amount - total.tax_amount, 0)
  END::DECIMAL(18, 6) AS margin_rate,
  (
    total.return_amount / NULLIF(total.gross_amount - total.discount_amount, 0)
  )::DECIMAL(18, 6) AS return_rate,
  price.first_price_amount::DECIMAL(18, 4) AS first_price_amount,
  price.current_price_amount::DECIMAL(18, 4) AS current_price_amount,
  price.price_basis::TEXT AS price_basis,
  total.revenue_rank::INT AS revenue_rank,
  total.revenue_share_rate::DECIMAL(9, 6) AS revenue_share_rate,
  total.cumulative_revenue_rate::DECIMAL(9, 6) AS cumulative_revenue_rate,
  CASE
    WHEN total.net_amount <= 0
    THEN 'C'
    WHEN total.cumulative_revenue_rate - total.revenue_share_rate < @VAR('abc_a_share')
    THEN 'A'
    WHEN total.cumulative_revenue_rate - total.revenue_share_rate < @VAR('abc_b_share')
    THEN 'B'
    ELSE 'C'
  END::TEXT AS abc_class,
  COALESCE(variation.week_count, 0)::INT AS on_sale_week_count,
  variation.weekly_unit_variation::DECIMAL(18, 6) AS weekly_unit_variation,
  CASE
    WHEN variation.week_count < @VAR('xyz_least_weeks')
    THEN NULL
    WHEN variation.weekly_unit_variation <= @VAR('xyz_x_variation')
    THEN 'X'
    WHEN variation.weekly_unit_variation <= @VAR('xyz_y_variation')
    THEN 'Y'
    WHEN variation.weekly_unit_variation > @VAR('xyz_y_variation')
    THEN 'Z'
  END::TEXT AS xyz_class,
  COALESCE(reviewed.review_count, 0)::BIGINT AS review_count,
  (
    reviewed.total_score::DECIMAL / reviewed.review_count
  )::DECIMAL(5, 4) AS review_score,
  @SHRUNK_MEAN(
    COALESCE(reviewed.total_score, 0),
    COALESCE(reviewed.review_count, 0),
    source_review.mean_score,
    @VAR('review_prior_weight')
  )::DECIMAL(5, 4) AS bayesian_review_score,
  COALESCE(ordered.first_order_count, 0)::BIGINT AS first_order_count,
  (
    COALESCE(ordered.first_order_count, 0)::DECIMAL / first_order_total.order_count
  )::DECIMAL(9, 6) AS first_order_rate
FROM ranked AS total
LEFT JOIN core.dim_product AS member
  ON member.source = total.source
  AND member.product_id = total.product_id
  AND member.is_current
LEFT JOIN as_of
  ON as_of.source = total.source
LEFT JOIN ordered
  ON ordered.item = total.item
LEFT JOIN variation
  ON variation.item = total.item
LEFT JOIN reviewed
  ON reviewed.source = total.source AND reviewed.product_id = total.product_id
LEFT JOIN source_review
  ON source_review.source = total.source
LEFT JOIN price
  ON price.source = total.source
  AND price.product_id = total.product_id
  AND price.currency = total.currency
LEFT JOIN first_order_total
  ON first_order_total.source = total.source
  AND first_order_total.currency = total.currency;

@INDEX_ON(source, product_id)
