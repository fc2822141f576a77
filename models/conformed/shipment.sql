MODEL (
  name conformed.shipment,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column handed_over_date
  ),
  owner analytics_engineering,
  grain (source, shipment_id),
  depends_on (
    conformed.row_total
  ),
  tags (
    conformed
  ),
  audits (
    not_null(
      columns := (source, shipment_id, order_id, warehouse_id, handed_over_at, handed_over_date)
    ),
    unique_combination_of_columns(columns := (source, shipment_id)),
    no_personal_values(columns := (carrier, destination_city, destination_state)),
    rows_match_row_total(entity := 'shipment', counted_on := handed_over_date)
  ),
  description 'One row per source and parcel, on the day that the carrier took it over.'
);

SELECT
  source::TEXT AS source,
  shipment_id::TEXT AS shipment_id,
  order_id::TEXT AS order_id,
  warehouse_id::TEXT AS warehouse_id,
  carrier::TEXT AS carrier,
  destination_city::TEXT AS destination_city,
  destination_state::TEXT AS destination_state,
  destination_postal_prefix::TEXT AS destination_postal_prefix,
  handed_over_at::TIMESTAMPTZ AS handed_over_at,
  handed_over_date::DATE AS handed_over_date,
  promised_date::DATE AS promised_date,
  delivered_at::TIMESTAMPTZ AS delivered_at,
  delivered_date::DATE AS delivered_date
FROM (
  @UNION_SOURCES(
    shipment,
    source,
    shipment_id,
    order_id,
    warehouse_id,
    carrier,
    destination_city,
    destination_state,
    destination_postal_prefix,
    handed_over_at,
    handed_over_date,
    promised_date,
    delivered_at,
    delivered_date
  )
) AS sourced
WHERE
  handed_over_date BETWEEN @start_date AND @end_date;

@INDEX_ON(handed_over_date)
