MODEL (
  name bi.shipment,
  kind VIEW,
  owner analytics_engineering,
  grain shipment_key,
  tags (
    bi
  ),
  grants (
    "select" = ARRAY['bi_reader']
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

SELECT
  shipment_key::UUID AS shipment_key,
  order_key::UUID AS order_key,
  warehouse_key::UUID AS warehouse_key,
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
  delivered_date::DATE AS delivered_date,
  transit_days::INT AS transit_days,
  delay_days::INT AS delay_days,
  is_late::BOOLEAN AS is_late
FROM core.fct_shipment
