MODEL (
  name bi.delivery_route,
  kind VIEW,
  owner analytics_engineering,
  grain (source, origin_kind, origin, destination_state, destination_city, carrier),
  tags (bi, delivery),
  grants (
    "select" = ARRAY['bi_reader']
  ),
  audits (
    not_null(
      columns := (source, origin_kind, origin, destination_state, destination_city, carrier)
    ),
    unique_combination_of_columns(
      columns := (source, origin_kind, origin, destination_state, destination_city, carrier)
    )
  ),
  description 'One row per source, origin (a seller''s state, or a warehouse), destination (a state; for warehouses a city) and carrier. An order of two sellers is two parcels with the delivery of the whole order. Counts are additive; days, distances and rates are not, and stand beside their counts. Answers: where do deliveries take long or come late, and how far do they go.',
  column_descriptions (
    source = 'The shop.',
    origin_kind = 'seller_state where sellers ship, warehouse where the shop does.',
    origin = 'State of the seller, or natural key of the warehouse.',
    origin_city = 'City of the warehouse; all where the origin is a state.',
    destination_state = 'State that the parcel goes to; unknown where it is not known.',
    destination_city = 'City that it goes to; all where the origin is a state.',
    carrier = 'Who carries it; unknown where the source does not say.',
    parcel_count = 'What a warehouse hands over to a carrier, or one seller ships for one order; cancelled orders left out. Adds up over time, store, place, seller and carrier.',
    delivered_parcel_count = 'Parcels that were promised for a day and have been delivered; a seller''s with the whole order. Adds up over time, store, place, seller and carrier.',
    late_parcel_count = 'Parcels delivered after the promised day. Adds up over time, store, place, seller and carrier.',
    on_time_parcel_rate = 'Share of the delivered parcels that came by the promised day. Not additive.',
    located_parcel_count = 'Parcels whose two postal prefixes both have coordinates.',
    average_distance_km = 'Mean great-circle distance of the located parcels in km, between the middles of the postal prefixes. Not additive.',
    parcel_transit_days = 'Mean days from the carrier to the customer. Not additive.',
    parcel_delivery_days = 'Mean days from the order to the customer. Not additive.',
    parcel_promised_days = 'Mean days from the order to the promised day. Not additive.',
    parcel_delay_days = 'Mean days from the promised to the actual day, negative when early. Not additive.'
  )
);

SELECT
  source::TEXT AS source,
  origin_kind::TEXT AS origin_kind,
  origin::TEXT AS origin,
  origin_city::TEXT AS origin_city,
  destination_state::TEXT AS destination_state,
  destination_city::TEXT AS destination_city,
  carrier::TEXT AS carrier,
  parcel_count::INT AS parcel_count,
  delivered_parcel_count::INT AS delivered_parcel_count,
  late_parcel_count::INT AS late_parcel_count,
  on_time_parcel_rate::DECIMAL(9, 6) AS on_time_parcel_rate,
  located_parcel_count::INT AS located_parcel_count,
  average_distance_km::DECIMAL(12, 3) AS average_distance_km,
  parcel_transit_days::DECIMAL(12, 3) AS parcel_transit_days,
  parcel_delivery_days::DECIMAL(12, 3) AS parcel_delivery_days,
  parcel_promised_days::DECIMAL(12, 3) AS parcel_promised_days,
  parcel_delay_days::DECIMAL(12, 3) AS parcel_delay_days
FROM mart.delivery_route
