MODEL (
  name conformed.store,
  kind FULL,
  owner analytics_engineering,
  grain (source, store_id),
  tags (
    conformed
  ),
  audits (
    not_null(columns := (source, store_id, store_kind)),
    unique_combination_of_columns(columns := (source, store_id)),
    accepted_values(column := store_kind, is_in := ('store', 'warehouse'))
  ),
  description 'One row per source and place of it: a store that sells, or a warehouse that keeps stock.'
);

SELECT
  source::TEXT AS source,
  store_id::TEXT AS store_id,
  store_kind::TEXT AS store_kind,
  store_name::TEXT AS store_name,
  city::TEXT AS city,
  state::TEXT AS state,
  postal_prefix::TEXT AS postal_prefix,
  country_code::TEXT AS country_code,
  opened_date::DATE AS opened_date,
  supplied_by_store_id::TEXT AS supplied_by_store_id
FROM (
  @UNION_SOURCES(
    store,
    source,
    store_id,
    store_kind,
    store_name,
    city,
    state,
    postal_prefix,
    country_code,
    opened_date,
    supplied_by_store_id
  )
) AS sourced
