MODEL (
  name conformed.seller,
  kind FULL,
  owner analytics_engineering,
  grain (source, seller_id),
  tags (
    conformed
  ),
  audits (
    not_null(columns := (source, seller_id)),
    unique_combination_of_columns(columns := (source, seller_id))
  ),
  description 'One row per source and seller.'
);

SELECT
  source::TEXT AS source,
  seller_id::TEXT AS seller_id,
  postal_prefix::TEXT AS postal_prefix,
  city::TEXT AS city,
  state::TEXT AS state,
  country_code::TEXT AS country_code
FROM (
  @UNION_SOURCES(seller, source, seller_id, postal_prefix, city, state, country_code)
) AS sourced
