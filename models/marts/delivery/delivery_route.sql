MODEL (
  name mart.delivery_route,
  kind FULL,
  owner analytics_engineering,
  grain (source, origin_kind, origin, destination_state, destination_city, carrier),
  tags (mart, delivery),
  audits (
    not_null(
      columns := (
        source,
        origin_kind,
        origin,
        destination_state,
        destination_city,
        carrier,
        parcel_count
      )
    ),
    unique_combination_of_columns(
      columns := (source, origin_kind, origin, destination_state, destination_city, carrier)
    ),
    totals_match(
      columns := (
        source
      ),
      measures := (parcel_count, late_parcel_count),
      parent := core.fct_shipment,
      parent_columns := (
        source
      ),
      parent_measures := (1, CASE WHEN is_late THEN 1 ELSE 0 END),
      condition := origin_kind = 'warehouse',
      parent_condition := order_key IN (
        SELECT
          order_key
        FROM core.fct_order
        WHERE
          NOT is_cancelled
      )
    )
  ),
  description 'One row per source, origin (a seller''s state, or a warehouse), destination (a state; for warehouses a city) and carrier. A parcel is what a warehouse hands over, or what one seller ships for one order: an order of two sellers is two parcels with the delivery of the whole order. Counts are additive; days, distances and rates are not, and stand beside their counts. Answers: where do deliveries take long or come late, and how far do they go.',
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

WITH seller_parcel AS (
  SELECT DISTINCT
    order_key,
    order_date,
    seller_key
  FROM core.fct_order_line
  WHERE
    line_kind = 'product'
    AND NOT is_cancelled
    AND NOT is_return
    AND seller_key <> @UNKNOWN_KEY()
), parcel AS (
  SELECT
    delivery.source,
    'seller_state' AS origin_kind,
    COALESCE(seller.state, 'unknown') AS origin,
    'all' AS origin_city,
    COALESCE(customer.state, 'unknown') AS destination_state,
    'all' AS destination_city,
    'unknown' AS carrier,
    delivery.is_late,
    delivery.transit_days,
    delivery.delivery_days,
    delivery.promised_days,
    delivery.delay_days,
    seller.geography_key AS origin_geography_key,
    customer.geography_key AS destination_geography_key
  FROM seller_parcel
  JOIN mart.order_delivery AS delivery
    ON delivery.order_key = seller_parcel.order_key
  JOIN core.dim_seller AS seller
    ON seller.seller_key = seller_parcel.seller_key
  JOIN core.dim_customer AS customer
    ON customer.customer_key = delivery.customer_key
  UNION ALL
  SELECT
    shipment.source,
    'warehouse',
    shipment.warehouse_id,
    COALESCE(warehouse.city, 'unknown'),
    COALESCE(shipment.destination_state, 'unknown'),
    COALESCE(shipment.destination_city, 'unknown'),
    COALESCE(shipment.carrier, 'unknown'),
    shipment.is_late,
    EXTRACT(EPOCH FROM shipment.delivered_at - shipment.handed_over_at) / 86400.0,
    shipment.delivered_date - placed.order_date,
    shipment.promised_date - placed.order_date,
    shipment.delay_days,
    origin.geography_key,
    destination.geography_key
  FROM core.fct_shipment AS shipment
  JOIN core.fct_order AS placed
    ON placed.order_key = shipment.order_key AND NOT placed.is_cancelled
  JOIN core.dim_store AS warehouse
    ON warehouse.store_key = shipment.warehouse_key
  LEFT JOIN core.dim_geography AS origin
    ON origin.source = warehouse.source
    AND origin.country_code = warehouse.country_code
    AND origin.postal_prefix = warehouse.postal_prefix
  LEFT JOIN core.dim_geography AS destination
    ON destination.source = shipment.source
    AND destination.country_code = warehouse.country_code
    AND destination.postal_prefix = shipment.destination_postal_prefix
), measured AS (
  SELECT
    parcel.*,
    @HAVERSINE_KM(origin.latitude, origin.longitude, destination.latitude, destination.longitude) AS distance_km
  FROM parcel
  LEFT JOIN core.dim_geography AS origin
    ON origin.geography_key = parcel.origin_geography_key
  LEFT JOIN core.dim_geography AS destination
    ON destination.geography_key = parcel.destination_geography_key
), route AS (
  SELECT
    source,
    origin_kind,
    origin,
    MIN(origin_city) AS origin_city,
    destination_state,
    destination_city,
    carrier,
    COUNT(*) AS parcel_count,
    COUNT(is_late) AS delivered_parcel_count,
    COUNT(*) FILTER(WHERE
      is_late) AS late_parcel_count,
    COUNT(distance_km) AS located_parcel_count,
    AVG(distance_km) AS average_distance_km,
    AVG(transit_days) AS parcel_transit_days,
    AVG(delivery_days) AS parcel_delivery_days,
    AVG(promised_days) AS parcel_promised_days,
    AVG(delay_days) AS parcel_delay_days
  FROM measured
  GROUP BY
    source,
    origin_kind,
    origin,
    destination_state,
    destination_city,
    carrier
)
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
  (
    1 - late_parcel_count::DECIMAL / NULLIF(delivered_parcel_count, 0)
  )::DECIMAL(9, 6) AS on_time_parcel_rate,
  located_parcel_count::INT AS located_parcel_count,
  average_distance_km::DECIMAL(12, 3) AS average_distance_km,
  parcel_transit_days::DECIMAL(12, 3) AS parcel_transit_days,
  parcel_delivery_days::DECIMAL(12, 3) AS parcel_delivery_days,
  parcel_promised_days::DECIMAL(12, 3) AS parcel_promised_days,
  parcel_delay_days::DECIMAL(12, 3) AS parcel_delay_days
FROM route
