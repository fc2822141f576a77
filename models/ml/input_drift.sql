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

WITH sale AS (
  SELECT
    source,
    currency,
    order_date,
    DATE_TRUNC('MONTH', order_date)::DATE AS month_date,
    MIN(order_date) OVER (PARTITION BY source, currency) AS first_date,
    net_sale_amount,
    line_count,
    CASE
      WHEN NOT customer_id IS NULL
      THEN order_date - LAG(order_date) OVER (PARTITION BY source, currency, customer_id ORDER BY order_date, order_id)
    END AS gap_days
  FROM mart.order_sale
), measured AS (
  SELECT
    sale.source,
    sale.currency,
    sale.first_date,
    sale.month_date,
    feature.name AS feature,
    feature.value
  FROM sale
  CROSS JOIN LATERAL (
    VALUES
      ('order_amount', sale.net_sale_amount::DOUBLE PRECISION),
      ('line_count', sale.line_count::DOUBLE PRECISION),
      (
        'gap_days',
        CASE
          WHEN sale.gap_days <= 90 AND sale.month_date >= sale.first_date + 90
          THEN sale.gap_days::DOUBLE PRECISION
        END
      )
  ) AS feature(name, value)
  WHERE
    NOT feature.value IS NULL
), decile AS (
  SELECT
    source,
    currency,
    feature,
    PERCENTILE_DISC(ARRAY[0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]) WITHIN GROUP (ORDER BY
      value) AS limits
  FROM measured
  WHERE
    month_date < first_date + 365
  GROUP BY
    source,
    currency,
    feature
), edge AS (
  SELECT
    source,
    currency,
    feature,
    ARRAY(SELECT DISTINCT
      edge.value
    FROM UNNEST(decile.limits) AS edge(value)
    ORDER BY
      edge.value) AS edges
  FROM decile
), counted AS (
  SELECT
    measured.source,
    measured.currency,
    measured.feature,
    measured.month_date,
    WIDTH_BUCKET(measured.value, edge.edges) AS bin,
    COUNT(*) AS row_count,
    SUM(measured.value) AS total_value
  FROM measured
  JOIN edge
    ON edge.source = measured.source
    AND edge.currency = measured.currency
    AND edge.feature = measured.feature
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
