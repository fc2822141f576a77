MODEL (
  name conformed.product,
  kind FULL,
  owner analytics_engineering,
  grain (source, product_id, version_number),
  tags (
    conformed
  ),
  audits (
    not_null(
      columns := (
        source,
        product_id,
        version_number,
        valid_from_at,
        valid_to_at,
        is_deleted,
        product_kind
      )
    ),
    unique_combination_of_columns(columns := (source, product_id, version_number)),
    versions_are_contiguous(entity_id := product_id)
  ),
  description 'One row per source, product and version: a new version begins when name, kind, category, brand, list price, cost or tax rate change, with a deletion and with a return. Count products by is_current.'
);

WITH observation AS (
  @UNION_SOURCES(
    product,
    source,
    product_id,
    change_number,
    observed_at,
    is_deleted,
    product_name,
    product_kind,
    category,
    brand,
    list_price_amount,
    cost_amount,
    tax_rate,
    currency,
    weight_g,
    length_cm,
    height_cm,
    width_cm,
    photo_count
  )
), logged AS (
  SELECT
    *,
    MAX(observed_at) OVER log AS starts_at, /* where a clock ran back, with what stands in front of it in the log */
    COUNT(*) FILTER(WHERE
      NOT is_deleted) OVER log AS known_number
  FROM observation
  WINDOW log AS (
    PARTITION BY source, product_id
    ORDER BY change_number, observed_at
    ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
  )
), carried AS (
  SELECT
    source,
    product_id,
    starts_at,
    LEAD(starts_at) OVER (PARTITION BY source, product_id ORDER BY change_number, observed_at) AS next_starts_at,
    is_deleted, /* a delete tells nothing else: it carries what was known in front of it */
    FIRST_VALUE(product_name) OVER known AS product_name,
    FIRST_VALUE(product_kind) OVER known AS product_kind,
    FIRST_VALUE(category) OVER known AS category,
    FIRST_VALUE(brand) OVER known AS brand,
    FIRST_VALUE(list_price_amount) OVER known AS list_price_amount,
    FIRST_VALUE(cost_amount) OVER known AS cost_amount,
    FIRST_VALUE(tax_rate) OVER known AS tax_rate,
    FIRST_VALUE(currency) OVER known AS currency,
    FIRST_VALUE(weight_g) OVER known AS weight_g,
    FIRST_VALUE(length_cm) OVER known AS length_cm,
    FIRST_VALUE(height_cm) OVER known AS height_cm,
    FIRST_VALUE(width_cm) OVER known AS width_cm,
    FIRST_VALUE(photo_count) OVER known AS photo_count
  FROM logged
  WINDOW known AS (PARTITION BY source, product_id, known_number ORDER BY change_number, observed_at)
), standing AS (
  SELECT
    *,
    @SURROGATE_KEY(
      is_deleted,
      product_name,
      product_kind,
      category,
      brand,
      list_price_amount,
      cost_amount,
      tax_rate
    ) AS content
  FROM carried
  WHERE
    next_starts_at IS DISTINCT FROM starts_at /* of several at one instant the last */
), compared AS (
  SELECT
    *,
    LAG(content) OVER (PARTITION BY source, product_id ORDER BY starts_at) AS content_before
  FROM standing
), change AS (
  SELECT
    *,
    ROW_NUMBER() OVER (PARTITION BY source, product_id ORDER BY starts_at) AS version_number,
    LEAD(starts_at) OVER (PARTITION BY source, product_id ORDER BY starts_at) AS next_change_at
  FROM compared
  WHERE
    content_before IS DISTINCT FROM content
)
SELECT
  source::TEXT AS source,
  product_id::TEXT AS product_id,
  version_number::INT AS version_number,
  CASE WHEN version_number = 1 THEN @BEGINNING_OF_TIME() ELSE starts_at END::TIMESTAMPTZ AS valid_from_at, /* what is known first also holds before */
  COALESCE(next_change_at, @END_OF_TIME())::TIMESTAMPTZ AS valid_to_at, /* exclusive */
  (
    next_change_at IS NULL
  )::BOOLEAN AS is_current,
  is_deleted::BOOLEAN AS is_deleted, /* with what was known last */
  product_name::TEXT AS product_name,
  product_kind::TEXT AS product_kind,
  category::TEXT AS category,
  brand::TEXT AS brand,
  list_price_amount::DECIMAL(18, 4) AS list_price_amount,
  cost_amount::DECIMAL(18, 4) AS cost_amount,
  tax_rate::DECIMAL(9, 6) AS tax_rate,
  currency::TEXT AS currency,
  weight_g::DECIMAL(18, 3) AS weight_g,
  length_cm::DECIMAL(18, 3) AS length_cm,
  height_cm::DECIMAL(18, 3) AS height_cm,
  width_cm::DECIMAL(18, 3) AS width_cm,
  photo_count::INT AS photo_count
FROM change
