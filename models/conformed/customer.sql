MODEL (
  name conformed.customer,
  kind FULL,
  owner analytics_engineering,
  grain (source, customer_id, version_number),
  tags (
    conformed
  ),
  audits (
    not_null(
      columns := (source, customer_id, version_number, valid_from_at, valid_to_at, is_deleted)
    ),
    unique_combination_of_columns(columns := (source, customer_id, version_number)),
    versions_are_contiguous(entity_id := customer_id)
  ),
  description 'One row per source, customer and version: a new version begins when the address or the consent changes, with a deletion and with a return. Count customers by is_current.'
);

WITH observation AS (
  @UNION_SOURCES(
    customer,
    source,
    customer_id,
    change_number,
    observed_at,
    is_deleted,
    postal_prefix,
    city,
    state,
    country_code,
    has_marketing_consent
  )
), logged AS (
  SELECT
    *,
    MAX(observed_at) OVER log AS starts_at, /* where a clock ran back, with what stands in front of it in the log */
    COUNT(*) FILTER(WHERE
      NOT is_deleted) OVER log AS known_number
  FROM observation
  WINDOW log AS (
    PARTITION BY source, customer_id
    ORDER BY change_number, observed_at
    ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
  )
), carried AS (
  SELECT
    source,
    customer_id,
    starts_at,
    LEAD(starts_at) OVER (PARTITION BY source, customer_id ORDER BY change_number, observed_at) AS next_starts_at,
    is_deleted, /* a delete tells nothing else: it carries what was known in front of it */
    FIRST_VALUE(postal_prefix) OVER known AS postal_prefix,
    FIRST_VALUE(city) OVER known AS city,
    FIRST_VALUE(state) OVER known AS state,
    FIRST_VALUE(country_code) OVER known AS country_code,
    FIRST_VALUE(has_marketing_consent) OVER known AS has_marketing_consent
  FROM logged
  WINDOW known AS (
    PARTITION BY source, customer_id, known_number
    ORDER BY change_number, observed_at
  )
), standing AS (
  SELECT
    *,
    @SURROGATE_KEY(is_deleted, postal_prefix, city, state, country_code, has_marketing_consent) AS content
  FROM carried
  WHERE
    next_starts_at IS DISTINCT FROM starts_at /* of several at one instant the last */
), compared AS (
  SELECT
    *,
    LAG(content) OVER (PARTITION BY source, customer_id ORDER BY starts_at) AS content_before
  FROM standing
), change AS (
  SELECT
    *,
    ROW_NUMBER() OVER (PARTITION BY source, customer_id ORDER BY starts_at) AS version_number,
    LEAD(starts_at) OVER (PARTITION BY source, customer_id ORDER BY starts_at) AS next_change_at
  FROM compared
  WHERE
    content_before IS DISTINCT FROM content
)
SELECT
  source::TEXT AS source,
  customer_id::TEXT AS customer_id,
  version_number::INT AS version_number,
  CASE WHEN version_number = 1 THEN @BEGINNING_OF_TIME() ELSE starts_at END::TIMESTAMPTZ AS valid_from_at, /* what is known first also holds before */
  COALESCE(next_change_at, @END_OF_TIME())::TIMESTAMPTZ AS valid_to_at, /* exclusive */
  (
    next_change_at IS NULL
  )::BOOLEAN AS is_current,
  is_deleted::BOOLEAN AS is_deleted, /* with what was known last */
  postal_prefix::TEXT AS postal_prefix,
  city::TEXT AS city,
  state::TEXT AS state,
  country_code::TEXT AS country_code,
  has_marketing_consent::BOOLEAN AS has_marketing_consent
FROM change
