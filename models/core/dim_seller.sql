MODEL (
  name core.dim_seller,
  kind FULL,
  owner analytics_engineering,
  grain seller_key,
  references (
    geography_key
  ),
  tags (core, dimension),
  audits (
    not_null(columns := (seller_key, source, seller_id, geography_key)),
    unique_values(columns := (
      seller_key
    ))
  ),
  description 'One row per seller, and one Unknown member, which also stands for lines that the shop sells itself.',
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
  @SURROGATE_KEY(seller.source, seller.seller_id)::UUID AS seller_key,
  seller.source::TEXT AS source,
  seller.seller_id::TEXT AS seller_id,
  COALESCE(geography.geography_key, @UNKNOWN_KEY())::UUID AS geography_key,
  seller.city::TEXT AS city,
  seller.state::TEXT AS state,
  seller.country_code::TEXT AS country_code
FROM conformed.seller AS seller
LEFT JOIN core.dim_geography AS geography
  ON geography.source = seller.source
  AND geography.country_code = seller.country_code
  AND geography.postal_prefix = seller.postal_prefix
UNION ALL
SELECT
  @UNKNOWN_KEY()::UUID,
  'unknown'::TEXT,
  'unknown'::TEXT,
  @UNKNOWN_KEY()::UUID,
  NULL::TEXT,
  NULL::TEXT,
  NULL::TEXT
