MODEL (
  name mart.product_price_history,
  kind FULL,
  owner analytics_engineering,
  grain (source, product_id, currency, valid_from_at),
  tags (mart, products),
  audits (
    not_null(
      columns := (
        source,
        product_id,
        currency,
        valid_from_at,
        valid_to_at,
        price_amount,
        price_basis
      )
    ),
    unique_combination_of_columns(columns := (source, product_id, currency, valid_from_at)),
    accepted_values(column := price_basis, is_in := ('list', 'sold')),
    forall(
      criteria := (valid_from_at < valid_to_at, is_current = (
          valid_to_at = @END_OF_TIME()
      ))
    )
  ),
  description 'One row per source, product, currency and price that held until the next one: the list prices of the catalogue, or, where the source has none, the usual price of the months in which the product was sold. Prices are not additive. Answers: what a product cost when, and how far prices moved.',
  column_descriptions (
    source = 'The shop.',
    product_id = 'The product''s natural key in its source.',
    currency = 'Currency of the price, ISO 4217.',
    valid_from_at = 'From when the price holds. The first list price holds from the beginning of time, the first usual price from the month of the first sale.',
    valid_to_at = 'Until when it holds, exclusive; the current one until the end of time.',
    is_current = 'The price that holds now.',
    price_amount = 'Price of a piece. Not additive.',
    previous_price_amount = 'The price before it; empty for the first. Not additive.',
    change_rate = 'How far it is above the price before: 0.1 is a tenth more, negative is less. Not additive.',
    price_basis = 'list: a price of the catalogue; sold: the price that most sale lines of a month carry, of equals the highest.'
  )
);

WITH listed AS (
  SELECT
    source,
    product_id,
    currency,
    valid_from_at,
    list_price_amount AS price_amount,
    'list' AS price_basis
  FROM core.dim_product
  WHERE
    product_kind = 'product'
    AND NOT list_price_amount IS NULL
    AND NOT currency IS NULL
), counted AS (
  SELECT
    source,
    product_id,
    currency,
    DATE_TRUNC('MONTH', order_date)::DATE AS month_start_date,
    unit_price_amount AS price_amount,
    COUNT(*) AS line_count
  FROM core.fct_order_line
  WHERE
    line_kind = 'product'
    AND NOT is_cancelled
    AND NOT is_return
    AND unit_price_amount > 0
    AND NOT source IN (
      SELECT
        source
      FROM listed
    )
  GROUP BY
    source,
    product_id,
    currency,
    DATE_TRUNC('MONTH', order_date)::DATE,
    unit_price_amount
), usual AS (
  SELECT DISTINCT ON (source, product_id, currency, month_start_date)
    source,
    product_id,
    currency,
    month_start_date::TIMESTAMP AT TIME ZONE 'UTC' AS valid_from_at,
    price_amount,
    'sold' AS price_basis
  FROM counted
  ORDER BY
    source,
    product_id,
    currency,
    month_start_date,
    line_count DESC,
    price_amount DESC
), price AS (
  SELECT
    *
  FROM listed
  UNION ALL
  SELECT
    *
  FROM usual
), compared AS (
  SELECT
    *,
    LAG(price_amount) OVER (PARTITION BY source, product_id, currency ORDER BY valid_from_at) AS previous_price_amount
  FROM price
), changed AS (
  SELECT
    *,
    LEAD(valid_from_at) OVER (PARTITION BY source, product_id, currency ORDER BY valid_from_at) AS next_from_at
  FROM compared
  WHERE
    price_amount IS DISTINCT FROM previous_price_amount
)
SELECT
  source::TEXT AS source,
  product_id::TEXT AS product_id,
  currency::TEXT AS currency,
  valid_from_at::TIMESTAMPTZ AS valid_from_at,
  COALESCE(next_from_at, @END_OF_TIME())::TIMESTAMPTZ AS valid_to_at,
  (
    next_from_at IS NULL
  )::BOOLEAN AS is_current,
  price_amount::DECIMAL(18, 4) AS price_amount,
  previous_price_amount::DECIMAL(18, 4) AS previous_price_amount,
  (
    price_amount / NULLIF(previous_price_amount, 0) - 1
  )::DECIMAL(18, 6) AS change_rate,
  price_basis::TEXT AS price_basis
FROM changed
