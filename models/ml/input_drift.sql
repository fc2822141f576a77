MODEL (
  name ml.input_drift,
  kind FULL,
  owner data_science,
  grain (source, currency, feature, month_date),
  tags (
    ml
  ),
  audits (
    not_null(columns := (source, currency, feature, month_date, psi)),
    unique_combination_of_columns(columns := (source, currency, feature, month_date)),
    accepted_values(column := feature, is_in := ('order_amount', 'line_count', 'gap_days'))
  ),
  description 'One row per source, currency, month and feature of what the models learn from: how far its distribution has moved from that of the twelve months before, on which a model of that day would have been fitted. Months with fewer than three before them are left out. Nothing may be added up.',
  column_descriptions (
    source = 'The shop.',
    currency = 'Currency of the orders, ISO 4217.',
    feature = 'order_amount: net_sale_amount of an order. line_count: its lines. gap_days: days since the customer''s order before, where they are 90 or fewer, from the shop''s fourth month on: longer gaps cannot be seen from the first day.',
    month_date = 'First day of the month. The last month may not be over.',
    row_count = 'Orders of the month that have the feature.',
    baseline_count = 'Orders of the twelve months before that have it. Not additive: the months overlap.',
    mean_value = 'Mean of the feature in the month. Not additive.',
    baseline_mean_value = 'Mean of the feature in the twelve months before. Not additive.',
    psi = 'Population stability index over the deciles of the shop''s first year: 0 is the same, up to 0.1 little, from 0.25 on much. Not additive.',
    psi_limit = 'What chance alone exceeds once in twenty times with so many rows.',
    is_drifted = 'psi is above psi_limit and above the variable drift_psi.'
  )
);

WITH shop AS (
  SELECT
    source,
    currency,
    MIN(order_date) AS first_date
  FROM mart.order_sale
  GROUP BY
    source,
    currency
), placed AS (
  /* Which order of a day has the gap to the day before makes no difference. */
  SELECT
    source,
    currency,
    DATE_TRUNC('MONTH', order_date)::DATE AS month_date,
    net_sale_amount,
    line_count,
    CASE
      WHEN NOT customer_id IS NULL
      THEN order_date - LAG(order_date) OVER (PARTITION BY customer_id, currency, source ORDER BY order_date)
    END AS gap_days
  FROM mart.order_sale
), sale AS (
  SELECT
    placed.source,
    placed.currency,
    placed.month_date,
    placed.month_date < shop.first_date + 365 AS is_first_year,
    placed.net_sale_amount AS order_amount,
    placed.line_count,
    CASE
      WHEN placed.gap_days <= 90 AND placed.month_date >= shop.first_date + 90
      THEN placed.gap_days
    END AS gap_days
  FROM placed
  JOIN shop
    ON shop.source = placed.source AND shop.currency = placed.currency
), decile AS (
  SELECT
    source,
    currency,
    PERCENTILE_DISC(ARRAY[0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]) WITHIN GROUP (ORDER BY
      order_amount::DOUBLE PRECISION) AS order_amount,
    PERCENTILE_DISC(ARRAY[0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]) WITHIN GROUP (ORDER BY
      line_count::DOUBLE PRECISION) AS line_count,
    PERCENTILE_DISC(ARRAY[0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]) WITHIN GROUP (ORDER BY
      gap_days::DOUBLE PRECISION) AS gap_days
  FROM sale
  WHERE
    is_first_year
  GROUP BY
    source,
    currency
), edge AS (
  SELECT
    decile.source,
    decile.currency,
    feature.name AS feature,
    ARRAY(SELECT DISTINCT
      edge.value
    FROM UNNEST(feature.limits) AS edge(value)
    ORDER BY
      edge.value) AS edges
  FROM decile
  CROSS JOIN LATERAL (
    VALUES
      ('order_amount', decile.order_amount),
      ('line_count', decile.line_count),
      ('gap_days', decile.gap_days)
  ) AS feature(name, limits)
  WHERE
    NOT feature.limits IS NULL
), shop_edge AS (
  SELECT
    source,
    currency,
    MAX(edges) FILTER(WHERE
      feature = 'order_amount') AS order_amount,
    MAX(edges) FILTER(WHERE
      feature = 'line_count') AS line_count,
    MAX(edges) FILTER(WHERE
      feature = 'gap_days') AS gap_days
  FROM edge
  GROUP BY
    source,
    currency
), cell AS (
  /* Orders by the bins of all features at once: millions become thousands before each feature is counted. */
  SELECT
    sale.source,
    sale.currency,
    sale.month_date,
    WIDTH_BUCKET(sale.order_amount::DOUBLE PRECISION, shop_edge.order_amount) AS order_amount_bin,
    WIDTH_BUCKET(sale.line_count::DOUBLE PRECISION, shop_edge.line_count) AS line_count_bin,
    WIDTH_BUCKET(sale.gap_days::DOUBLE PRECISION, shop_edge.gap_days) AS gap_days_bin,
    COUNT(*) AS row_count,
    SUM(sale.order_amount) AS total_order_amount,
    SUM(sale.line_count) AS total_line_count,
    SUM(sale.gap_days) AS total_gap_days
  FROM sale
  JOIN shop_edge
    ON shop_edge.source = sale.source AND shop_edge.currency = sale.currency
  GROUP BY
    1,
    2,
    3,
    4,
    5,
    6
), counted AS (
  SELECT
    cell.source,
    cell.currency,
    feature.name AS feature,
    cell.month_date,
    feature.bin,
    SUM(cell.row_count) AS row_count,
    SUM(feature.total_value)::DOUBLE PRECISION AS total_value
  FROM cell
  CROSS JOIN LATERAL (
    VALUES
      ('order_amount', cell.order_amount_bin, cell.total_order_amount),
      ('line_count', cell.line_count_bin, cell.total_line_count),
      ('gap_days', cell.gap_days_bin, cell.total_gap_days)
  ) AS feature(name, bin, total_value)
  WHERE
    NOT feature.bin IS NULL
  GROUP BY
    1,
    2,
    3,
    4,
    5
), grid AS (
  /* A bin without a row in a month is a bin with none. */
  SELECT
    month.source,
    month.currency,
    month.feature,
    month.month_date,
    place.bin,
    CARDINALITY(edge.edges) + 1 AS bin_count
  FROM (
    SELECT DISTINCT
      source,
      currency,
      feature,
      month_date
    FROM counted
  ) AS month
  JOIN edge
    ON edge.source = month.source
    AND edge.currency = month.currency
    AND edge.feature = month.feature
  CROSS JOIN LATERAL GENERATE_SERIES(0, CARDINALITY(edge.edges)) AS place(bin)
), month_bin AS (
  SELECT
    grid.*,
    COALESCE(counted.row_count, 0) AS row_count,
    COALESCE(counted.total_value, 0) AS total_value,
    COUNT(*) OVER past AS past_month_count,
    SUM(COALESCE(counted.row_count, 0)) OVER past AS past_count,
    SUM(COALESCE(counted.total_value, 0)) OVER past AS past_value
  FROM grid
  LEFT JOIN counted
    ON counted.source = grid.source
    AND counted.currency = grid.currency
    AND counted.feature = grid.feature
    AND counted.month_date = grid.month_date
    AND counted.bin = grid.bin
  WINDOW past AS (
    PARTITION BY grid.source, grid.currency, grid.feature, grid.bin
    ORDER BY grid.month_date
    RANGE BETWEEN INTERVAL '12 MONTHS' PRECEDING AND INTERVAL '1 MONTH' PRECEDING
  )
), whole AS (
  SELECT
    month_bin.*,
    SUM(row_count) OVER month AS month_count,
    SUM(total_value) OVER month AS month_value,
    SUM(past_count) OVER month AS baseline_count,
    SUM(past_value) OVER month AS baseline_value
  FROM month_bin
  WHERE
    past_month_count >= 3
  WINDOW month AS (PARTITION BY source, currency, feature, month_date)
), judged AS (
  SELECT
    source,
    currency,
    feature,
    month_date,
    month_count AS row_count,
    baseline_count,
    month_value / month_count AS mean_value,
    baseline_value / baseline_count AS baseline_mean_value,
    @PSI(
      @BIN_RATE(past_count, baseline_count, bin_count),
      @BIN_RATE(row_count, month_count, bin_count)
    ) AS psi,
    MAX(@PSI_LIMIT(bin_count, baseline_count, month_count)) AS psi_limit
  FROM whole
  GROUP BY
    source,
    currency,
    feature,
    month_date,
    month_count,
    month_value,
    baseline_count,
    baseline_value
)
SELECT
  source::TEXT AS source,
  currency::TEXT AS currency,
  feature::TEXT AS feature,
  month_date::DATE AS month_date,
  row_count::BIGINT AS row_count,
  baseline_count::BIGINT AS baseline_count,
  mean_value::DOUBLE PRECISION AS mean_value,
  baseline_mean_value::DOUBLE PRECISION AS baseline_mean_value,
  psi::DOUBLE PRECISION AS psi,
  psi_limit::DOUBLE PRECISION AS psi_limit,
  (
    psi > psi_limit AND psi > @VAR('drift_psi')
  )::BOOLEAN AS is_drifted
FROM judged
