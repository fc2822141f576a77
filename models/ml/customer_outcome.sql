MODEL (
  name ml.customer_outcome,
  kind FULL,
  owner data_science,
  grain (source, customer_id, as_of_date),
  tags (ml, customers),
  audits (
    not_null(columns := (source, customer_id, as_of_date, observed_days)),
    unique_combination_of_columns(columns := (source, customer_id, as_of_date)),
    accepted_range(column := next_order_days, min_v := 1),
    rows_match(
      columns := (source, customer_id, as_of_date),
      parent := ml.customer_feature,
      parent_columns := (source, customer_id, as_of_date),
      parent_condition := NOT is_current
    )
  ),
  description 'One row per source, known customer and as-of date of ml.customer_feature but the current one: what the customer did afterwards, so far as the data tells. Kept apart from the features, which must not hold the future. Never add rows of different as-of dates.',
  column_descriptions (
    source = 'The shop.',
    customer_id = 'The customer''s natural key in its source.',
    as_of_date = 'The features'' as-of date.',
    observed_days = 'Days of data behind as_of_date: a question about more days than these cannot be answered yet. Not additive.',
    next_order_days = 'Days from as_of_date to the next order; empty where none came within observed_days. Not additive.'
  )
);

WITH latest AS (
  SELECT
    source,
    MAX(order_date) AS order_date
  FROM core.fct_order
  GROUP BY
    source
), feature AS (
  SELECT
    source,
    customer_id,
    as_of_date
  FROM ml.customer_feature
  WHERE
    NOT is_current
), cut AS (
  SELECT DISTINCT
    source,
    as_of_date
  FROM feature
), possible AS (
  SELECT
    source,
    customer_id,
    as_of_date,
    NULL::DATE AS next_order_date,
    1 AS feature_count
  FROM feature
  UNION ALL
  SELECT
    placed.source,
    placed.customer_id,
    cut.as_of_date,
    placed.order_date AS next_order_date,
    0 AS feature_count
  FROM mart.order_sale AS placed
  JOIN cut
    ON cut.source = placed.source AND cut.as_of_date < placed.order_date
  WHERE
    NOT placed.customer_id IS NULL
), outcome AS (
  SELECT
    source,
    customer_id,
    as_of_date,
    MIN(next_order_date) AS next_order_date
  FROM possible
  GROUP BY
    source,
    customer_id,
    as_of_date
  HAVING
    SUM(feature_count) > 0
)
SELECT
  outcome.source::TEXT AS source,
  outcome.customer_id::TEXT AS customer_id,
  outcome.as_of_date::DATE AS as_of_date,
  (
    latest.order_date - outcome.as_of_date
  )::INT AS observed_days,
  (
    outcome.next_order_date - outcome.as_of_date
  )::INT AS next_order_days
FROM outcome
LEFT JOIN latest
  ON latest.source = outcome.source;

@INDEX_ON(source, customer_id)
