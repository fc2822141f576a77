MODEL (
  name conformed.customer,
  kind FULL,
  owner analytics_engineering,
  grain (source, customer_id, version_number),
  tags (
    conformed
  ),
  audits (
    not_null(columns := (source, customer_id, version_number, valid_from_at, valid_to_at)),
    unique_combination_of_columns(columns := (source, customer_id, version_number)),
    versions_are_contiguous(entity_id := customer_id)
  ),
  description 'One row per source, customer and version: a new version begins when the address changes. Count customers by is_current.'
);

WITH observation AS (
  @UNION_SOURCES(customer, source, customer_id, observed_at, postal_prefix, city, state, country_code)
), compared AS (
  SELECT
    *,
    @SURROGATE_KEY(postal_prefix, city, state, country_code) AS content,
    LAG(@SURROGATE_KEY(postal_prefix, city, state, country_code)) OVER (PARTITION BY source, customer_id ORDER BY observed_at) AS content_before
  FROM observation
), change AS (
  SELECT
    *,
    ROW_NUMBER() OVER (PARTITION BY source, customer_id ORDER BY observed_at) AS version_number,
    LEAD(observed_at) OVER (PARTITION BY source, customer_id ORDER BY observed_at) AS next_change_at
  FROM compared
  WHERE
    content_before IS DISTINCT FROM content
)
SELECT
  source::TEXT AS source,
  customer_id::TEXT AS customer_id,
  version_number::INT AS version_number,
  CASE WHEN version_number = 1 THEN @BEGINNING_OF_TIME() ELSE observed_at END::TIMESTAMPTZ AS valid_from_at, /* what is known first also holds before */
  COALESCE(next_change_at, @END_OF_TIME())::TIMESTAMPTZ AS valid_to_at, /* exclusive */
  (
    next_change_at IS NULL
  )::BOOLEAN AS is_current,
  postal_prefix::TEXT AS postal_prefix,
  city::TEXT AS city,
  state::TEXT AS state,
  country_code::TEXT AS country_code
FROM change
