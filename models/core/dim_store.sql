MODEL (
  name core.dim_store,
  kind FULL,
  owner analytics_engineering,
  grain store_key,
  tags (core, dimension),
  audits (
    not_null(columns := (store_key, source, store_id, store_kind, supplied_by_store_key)),
    unique_values(columns := (
      store_key
    )),
    no_personal_values(columns := (store_name, city, state))
  ),
  description 'One row per store and per warehouse, and one Unknown member, which also stands for what is sold without a store. Count stores by store_kind, not by row.',
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
  @SURROGATE_KEY(store.source, store.store_id)::UUID AS store_key,
  store.source::TEXT AS source,
  store.store_id::TEXT AS store_id,
  store.store_kind::TEXT AS store_kind,
  store.store_name::TEXT AS store_name,
  store.city::TEXT AS city,
  store.state::TEXT AS state,
  store.postal_prefix::TEXT AS postal_prefix,
  store.country_code::TEXT AS country_code,
  store.opened_date::DATE AS opened_date,
  store.supplied_by_store_id::TEXT AS supplied_by_store_id,
  CASE
    WHEN NOT supplier.store_id IS NULL
    THEN @SURROGATE_KEY(supplier.source, supplier.store_id)
    ELSE @UNKNOWN_KEY()
  END::UUID AS supplied_by_store_key
FROM conformed.store AS store
LEFT JOIN conformed.store AS supplier
  ON supplier.source = store.source AND supplier.store_id = store.supplied_by_store_id
UNION ALL
SELECT
  @UNKNOWN_KEY()::UUID,
  'unknown'::TEXT,
  'unknown'::TEXT,
  'unknown'::TEXT,
  'Unknown'::TEXT,
  NULL::TEXT,
  NULL::TEXT,
  NULL::TEXT,
  NULL::TEXT,
  NULL::DATE,
  NULL::TEXT,
  @UNKNOWN_KEY()::UUID;

@UNIQUE_INDEX_ON(store_key)
