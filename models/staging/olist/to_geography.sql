MODEL (
  name stg.olist__to_geography,
  kind EMBEDDED,
  owner analytics_engineering,
  grain (source, country_code, postal_prefix),
  tags (staging, olist, mapping),
  description 'One row per zip prefix: the median of its coordinates within Brazil, its most frequent city and state.'
);

WITH located AS (
  SELECT
    postal_prefix,
    city,
    state,
    latitude,
    longitude,
    latitude BETWEEN -33.8 AND 5.3 AND longitude BETWEEN -74.0 AND -28.8 AS is_inside /* Brazil with its islands */
  FROM stg.olist__geolocation
  WHERE
    quarantine_reason IS NULL
)
SELECT
  'olist'::TEXT AS source,
  'BR'::TEXT AS country_code,
  postal_prefix::TEXT AS postal_prefix,
  (
    MODE() WITHIN GROUP (ORDER BY
      city)
  )::TEXT AS city,
  (
    MODE() WITHIN GROUP (ORDER BY
      state)
  )::TEXT AS state,
  (
    PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY
      latitude) FILTER(WHERE
      is_inside)
  )::DOUBLE PRECISION AS latitude,
  (
    PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY
      longitude) FILTER(WHERE
      is_inside)
  )::DOUBLE PRECISION AS longitude,
  COUNT(*)::INT AS coordinate_count,
  (
    COUNT(*) FILTER(WHERE
      NOT is_inside)
  )::INT AS outside_count
FROM located
GROUP BY
  postal_prefix
