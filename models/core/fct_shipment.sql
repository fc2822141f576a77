MODEL (
  name core.fct_shipment,
  kind INCREMENTAL_BY_TIME_RANGE (
    time_column handed_over_date
  ),
  owner analytics_engineering,
  grain shipment_key,
  references (order_key, warehouse_key),
  depends_on (conformed.row_total, core.fct_order),
  tags (core, fact),
  audits (
    not_null(
      columns := (shipment_key, order_key, warehouse_key, handed_over_at, handed_over_date)
    ),
    unique_values(columns := (
      shipment_key
    )),
    references_exist(key := order_key, parent := core.fct_order),
    no_personal_values(columns := (carrier, destination_city, destination_state)),
    rows_match_row_total(entity := 'shipment', counted_on := handed_over_date)
  ),
  description 'One row per parcel, on the day that the carrier took it over. Days are averaged, never added; the share of late parcels counts those that are delivered.',
  column_descriptions (
    shipment_key = 'Surrogate key: hash of source and parcel.',
    order_key = 'The order, in core.fct_order.',
    warehouse_key = 'The warehouse that packed it, in core.dim_store.',
    source = 'The shop.',
    shipment_id = 'The parcel''s natural key in its source.',
    order_id = 'The order''s natural key in its source.',
    warehouse_id = 'The warehouse''s natural key in its source.',
    carrier = 'Who carries it.',
    destination_city = 'City that it goes to.',
    destination_state = 'State or province of it.',
    destination_postal_prefix = 'First digits of the postal code.',
    handed_over_at = 'When the carrier took it over.',
    handed_over_date = 'The day of it in the shop''s own time zone; the time column.',
    promised_date = 'The day that was promised at the order.',
    delivered_at = 'When the customer had it; empty until then.',
    delivered_date = 'The day of it in the shop''s own time zone.',
    transit_days = 'Days from handed_over_date to delivered_date. Not additive.',
    delay_days = 'Days from promised_date to delivered_date; negative when early. Not additive.',
    is_late = 'Delivered after the promised day; empty while not delivered or nothing was promised.'
  )
);

WITH shipment AS (
  SELECT
    *
  FROM conformed.shipment
  WHERE
    handed_over_date BETWEEN @start_date AND @end_date
)
SELECT
  @SURROGATE_KEY(shipment.source, shipment.shipment_id)::UUID AS shipment_key,
  @SURROGATE_KEY(shipment.source, shipment.order_id)::UUID AS order_key,
  COALESCE(warehouse.store_key, @UNKNOWN_KEY())::UUID AS warehouse_key,
  shipment.source::TEXT AS source,
  shipment.shipment_id::TEXT AS shipment_id,
  shipment.order_id::TEXT AS order_id,
  shipment.warehouse_id::TEXT AS warehouse_id,
  shipment.carrier::TEXT AS carrier,
  shipment.destination_city::TEXT AS destination_city,
  shipment.destination_state::TEXT AS destination_state,
  shipment.destination_postal_prefix::TEXT AS destination_postal_prefix,
  shipment.handed_over_at::TIMESTAMPTZ AS handed_over_at,
  shipment.handed_over_date::DATE AS handed_over_date,
  shipment.promised_date::DATE AS promised_date,
  shipment.delivered_at::TIMESTAMPTZ AS delivered_at,
  shipment.delivered_date::DATE AS delivered_date,
  (
    shipment.delivered_date - shipment.handed_over_date
  )::INT AS transit_days,
  (
    shipment.delivered_date - shipment.promised_date
  )::INT AS delay_days,
  (
    shipment.delivered_date > shipment.promised_date
  )::BOOLEAN AS is_late
FROM shipment
LEFT JOIN core.dim_store AS warehouse
  ON warehouse.source = shipment.source AND warehouse.store_id = shipment.warehouse_id;

@INDEX_ON(handed_over_date);

@INDEX_ON(order_key)
