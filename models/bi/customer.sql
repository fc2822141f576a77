MODEL (
  name bi.customer,
  kind VIEW,
  owner analytics_engineering,
  grain customer_key,
  tags (
    bi
  ),
  grants (
    "select" = ARRAY['bi_reader']
  ),
  audits (
    not_null(columns := (
      customer_key
    )),
    unique_values(columns := (
      customer_key
    )),
    no_personal_values(columns := (customer_id, city, state))
  ),
  description 'One row per customer and version of the address, the consent and the deletion, and one Unknown member. Count customers by is_current.',
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
  customer_key::UUID AS customer_key,
  source::TEXT AS source,
  customer_id::TEXT AS customer_id,
  version_number::INT AS version_number,
  valid_from_at::TIMESTAMPTZ AS valid_from_at,
  valid_to_at::TIMESTAMPTZ AS valid_to_at,
  is_current::BOOLEAN AS is_current,
  is_deleted::BOOLEAN AS is_deleted,
  geography_key::UUID AS geography_key,
  city::TEXT AS city,
  state::TEXT AS state,
  country_code::TEXT AS country_code,
  has_marketing_consent::BOOLEAN AS has_marketing_consent
FROM core.dim_customer
