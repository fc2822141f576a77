MODEL (
  name bi.store,
  kind VIEW,
  owner analytics_engineering,
  grain store_key,
  tags (
    bi
  ),
  grants (
    "select" = ARRAY['bi_reader']
  ),
  audits (
    not_null(columns := (
      store_key
    )),
    unique_values(columns := (
      store_key
    )),
    no_personal_values(columns := (store_name, city, state))
  ),
  description 'One row per store and per warehouse, and one Unknown member. Count stores by store_kind, not by row.',
  column_descriptions (
    store_key = 'Surrogate key: hash of source and store.',
    source = 'The retailer.',
    store_id = 'The natural key of the store or warehouse in its source.',
    store_kind = 'store, which sells, or warehouse, which keeps stock; unknown for the Unknown member.',
    store_name = 'What it is called.',
    city = 'City that it stands in.',
    state = 'State or province of it.',
    postal_prefix = 'First digits of its postal code.',
    country_code = 'Country of it, ISO 3166-1 alpha-2.',
    opened_date = 'The day on which a store opened.',
    supplied_by_store_id = 'Natural key of the warehouse that fills a store''s shelves; empty for warehouses.',
    supplied_by_store_key = 'That warehouse, in this table; Unknown where none is named or known.'
  )
);

SELECT
  store_key::UUID AS store_key,
  source::TEXT AS source,
  store_id::TEXT AS store_id,
  store_kind::TEXT AS store_kind,
  store_name::TEXT AS store_name,
  city::TEXT AS city,
  state::TEXT AS state,
  postal_prefix::TEXT AS postal_prefix,
  country_code::TEXT AS country_code,
  opened_date::DATE AS opened_date,
  supplied_by_store_id::TEXT AS supplied_by_store_id,
  supplied_by_store_key::UUID AS supplied_by_store_key
FROM core.dim_store
