MODEL (
  name core.dim_customer,
  kind FULL,
  owner analytics_engineering,
  grain customer_key,
  references (
    geography_key
  ),
  tags (core, dimension),
  audits (
    not_null(
      columns := (
        customer_key,
        source,
        customer_id,
        version_number,
        valid_from_at,
        valid_to_at,
        is_current,
        is_deleted,
        geography_key
      )
    ),
    unique_values(columns := (
      customer_key
    )),
    versions_are_contiguous(entity_id := customer_id),
    no_personal_values(columns := (customer_id, city, state))
  ),
  description 'One row per customer and version of the address, the consent and the deletion (slowly changing dimension, type 2), and one Unknown member. Count customers by is_current, not by row; is_deleted tells who left.',
  column_descriptions (
    customer_key = 'Surrogate key of the version: hash of source, customer and the start of the version.',
    source = 'The shop that knows the customer.',
    customer_id = 'The customer''s natural key in its source; the same over all versions.',
    version_number = 'Versions counted from 1.',
    valid_from_at = 'From when the version holds; the first one holds from the beginning of time.',
    valid_to_at = 'Until when the version holds, exclusive; the current one until the end of time.',
    is_current = 'The version that holds now.',
    is_deleted = 'The shop took the customer off its list; the other columns tell what was known last.',
    geography_key = 'Where the customer lives, by postal prefix.',
    city = 'City of the address.',
    state = 'State or province of the address.',
    country_code = 'Country of the address, ISO 3166-1 alpha-2.',
    has_marketing_consent = 'Whether the shop may write to the customer, where the source says.'
  )
);

SELECT
  @SURROGATE_KEY(customer.source, customer.customer_id, customer.valid_from_at AT TIME ZONE 'UTC')::UUID AS customer_key,
  customer.source::TEXT AS source,
  customer.customer_id::TEXT AS customer_id,
  customer.version_number::INT AS version_number,
  customer.valid_from_at::TIMESTAMPTZ AS valid_from_at,
  customer.valid_to_at::TIMESTAMPTZ AS valid_to_at,
  customer.is_current::BOOLEAN AS is_current,
  customer.is_deleted::BOOLEAN AS is_deleted,
  COALESCE(geography.geography_key, @UNKNOWN_KEY())::UUID AS geography_key,
  customer.city::TEXT AS city,
  customer.state::TEXT AS state,
  customer.country_code::TEXT AS country_code,
  customer.has_marketing_consent::BOOLEAN AS has_marketing_consent
FROM conformed.customer AS customer
LEFT JOIN core.dim_geography AS geography
  ON geography.source = customer.source
  AND geography.country_code = customer.country_code
  AND geography.postal_prefix = customer.postal_prefix
UNION ALL
SELECT
  @UNKNOWN_KEY()::UUID,
  'unknown'::TEXT,
  'unknown'::TEXT,
  1::INT,
  @BEGINNING_OF_TIME()::TIMESTAMPTZ,
  @END_OF_TIME()::TIMESTAMPTZ,
  TRUE::BOOLEAN,
  FALSE::BOOLEAN,
  @UNKNOWN_KEY()::UUID,
  NULL::TEXT,
  NULL::TEXT,
  NULL::TEXT,
  NULL::BOOLEAN;

@INDEX_ON(source, customer_id)
