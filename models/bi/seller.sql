MODEL (
  name bi.seller,
  kind VIEW,
  owner analytics_engineering,
  grain seller_key,
  tags (
    bi
  ),
  grants (
    "select" = ARRAY['bi_reader']
  ),
  audits (
    not_null(columns := (
      seller_key
    )),
    unique_values(columns := (
      seller_key
    ))
  ),
  description 'One row per seller, and one Unknown member.',
  column_descriptions (
    seller_key = 'Surrogate key: hash of source and seller.',
    source = 'The marketplace.',
    seller_id = 'The seller''s natural key in its source.',
    geography_key = 'Where the seller ships from, by postal prefix.',
    city = 'City of the seller.',
    state = 'State or province of the seller.',
    country_code = 'Country of the seller, ISO 3166-1 alpha-2.'
  )
);

SELECT
  seller_key::UUID AS seller_key,
  source::TEXT AS source,
  seller_id::TEXT AS seller_id,
  geography_key::UUID AS geography_key,
  city::TEXT AS city,
  state::TEXT AS state,
  country_code::TEXT AS country_code
FROM core.dim_seller
