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
      columns := (source, product_id, version_number, valid_from_at, valid_to_at, product_kind)
    ),
    unique_combination_of_columns(columns := (source, product_id, version_number)),
    versions_are_contiguous(entity_id := product_id)
  ),
  description 'One row per source, product and version: a new version begins when name, kind, category or list price change. Count products by is_current.'
);

WITH observation AS (
  @UNION_SOURCES(
    product,
    source,
    product_id,
    observed_at,
    product_name,
    product_kind,
    category,
    list_price_amount,
    currency,
    weight_g,
    length_cm,
    height_cm,
    width_cm,
    photo_count
  )
), compared AS (
  SELECT
    *,
    @SURROGATE_KEY(product_name, product_kind, category, list_price_amount) AS content,
    LAG(@SURROGATE_KEY(product_name, product_kind, category, list_price_amount)) OVER (PARTITION BY source, product_id ORDER BY observed_at) AS content_before
  FROM observation
), change AS (
  SELECT
    *,
    ROW_NUMBER() OVER (PARTITION BY source, product_id ORDER BY observed_at) AS version_number,
    LEAD(observed_at) OVER (PARTITION BY source, product_id ORDER BY observed_at) AS next_change_at
  FROM compared
  WHERE
    content_before IS DISTINCT FROM content
)
SELECT
  source::TEXT AS source,
  product_id::TEXT AS product_id,
  version_number::INT AS version_number,
  CASE WHEN version_number = 1 THEN @BEGINNING_OF_TIME() ELSE observed_at END::TIMESTAMPTZ AS valid_from_at, /* what is known first also holds before */
  COALESCE(next_change_at, @END_OF_TIME())::TIMESTAMPTZ AS valid_to_at, /* exclusive */
  (
    next_change_at IS NULL
  )::BOOLEAN AS is_current,
  product_name::TEXT AS product_name,
  product_kind::TEXT AS product_kind,
  category::TEXT AS category,
  list_price_amount::DECIMAL(18, 4) AS list_price_amount,
  currency::TEXT AS currency,
  weight_g::DECIMAL(18, 3) AS weight_g,
  length_cm::DECIMAL(18, 3) AS length_cm,
  height_cm::DECIMAL(18, 3) AS height_cm,
  width_cm::DECIMAL(18, 3) AS width_cm,
  photo_count::INT AS photo_count
FROM change
