MODEL (
  name quality.anomaly,
  kind FULL,
  owner analytics_engineering,
  grain (source, entity, column_name, measure, event_date),
  tags (
    quality
  ),
  audits (
    not_null(columns := (source, entity, column_name, measure, event_date, score)),
    unique_combination_of_columns(columns := (source, entity, column_name, measure, event_date)),
    accepted_values(column := measure, is_in := ('volume', 'freshness', 'null_rate', 'mean'))
  ),
  description 'One row per measure and day that differs from the same weekday in the eight weeks before by more than chance and by enough to matter, as seed.anomaly_limit says. A day is never part of what it is compared with. A lead to follow, not a verdict: Christmas is an anomaly too.',
  column_descriptions (
    source = 'The shop.',
    entity = 'What the rows are: an entity for volume, a raw table for the others.',
    column_name = 'The raw column for null_rate and mean; * for the others.',
    measure = 'volume: raw rows of the day. freshness: days from the day to the first load that brought rows of it. null_rate: share of empty values. mean: mean of a number.',
    event_date = 'Business day.',
    value = 'The measure on that day.',
    expected_value = 'Median of the same weekday in the eight weeks before.',
    spread_value = 'Their median absolute deviation × 1.4826, which is a standard deviation where values are normal; at least what chance or rounding makes of it.',
    score = 'Distance of value from expected_value in spreads.',
    history_count = 'Days it was compared with, 4 to 8.'
  )
);

WITH loaded_day AS (
  SELECT
    source,
    entity,
    event_date,
    row_count
  FROM quality.daily_count
  WHERE
    layer = 'raw'
), calendar AS (
  SELECT
    span.source,
    span.entity,
    day.at::DATE AS event_date
  FROM (
    SELECT
      source,
      entity,
      MIN(event_date) AS first_date,
      MAX(event_date) AS last_date
    FROM loaded_day
    GROUP BY
      source,
      entity
  ) AS span
  CROSS JOIN LATERAL GENERATE_SERIES(span.first_date::TIMESTAMP, span.last_date::TIMESTAMP, INTERVAL '1 DAY') AS day(at)
), volume AS (
  /* A day without a row is a day with a volume of zero. */
  SELECT
    calendar.source,
    calendar.entity,
    '*' AS column_name,
    'volume' AS measure,
    calendar.event_date,
    COALESCE(loaded_day.row_count, 0)::DOUBLE PRECISION AS value,
    NULL::BIGINT AS row_count
  FROM calendar
  LEFT JOIN loaded_day
    ON loaded_day.source = calendar.source
    AND loaded_day.entity = calendar.entity
    AND loaded_day.event_date = calendar.event_date
), freshness AS (
  SELECT
    load.source,
    load.table_name AS entity,
    '*' AS column_name,
    'freshness' AS measure,
    touched.event_date,
    MIN(load.finished_at::DATE - touched.event_date)::DOUBLE PRECISION AS value,
    NULL::BIGINT AS row_count
  FROM ingest."load" AS load
  CROSS JOIN LATERAL UNNEST(load.event_dates) AS touched(event_date)
  WHERE
    load.status = 'loaded'
  GROUP BY
    load.source,
    load.table_name,
    touched.event_date
), null_rate AS (
  SELECT
    source,
    table_name AS entity,
    column_name,
    'null_rate' AS measure,
    event_date,
    failed_count::DOUBLE PRECISION / tested_count AS value,
    tested_count AS row_count
  FROM quality.check_count
  WHERE
    check_name = 'completeness' AND tested_count >= 20 /* fewer rows say nothing */
), mean AS (
  SELECT
    source,
    table_name AS entity,
    column_name,
    'mean' AS measure,
    event_date,
    mean_value AS value,
    tested_count AS row_count
  FROM quality.check_count
  WHERE
    NOT mean_value IS NULL AND tested_count >= 20
), measured AS (
  SELECT
    *
  FROM volume
  UNION ALL
  SELECT
    *
  FROM freshness
  UNION ALL
  SELECT
    *
  FROM null_rate
  UNION ALL
  SELECT
    *
  FROM mean
), remembered AS (
  /* The same weekday in the eight weeks before; the day itself is not among them. */
  SELECT
    measured.*,
    ARRAY_AGG(value) OVER (
      PARTITION BY source, entity, column_name, measure, EXTRACT(ISODOW FROM event_date)
      ORDER BY event_date
      RANGE BETWEEN INTERVAL '56 DAYS' PRECEDING AND INTERVAL '7 DAYS' PRECEDING
    ) AS past_values
  FROM measured
), middle AS (
  SELECT
    remembered.*,
    (
      SELECT
        PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY
          past.value)
      FROM UNNEST(remembered.past_values) AS past(value)
    ) AS expected_value
  FROM remembered
  WHERE
    CARDINALITY(past_values) >= 4
), deviation AS (
  SELECT
    middle.*,
    1.4826 * (
      SELECT
        PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY
          ABS(past.value - middle.expected_value))
      FROM UNNEST(middle.past_values) AS past(value)
    ) AS usual,
    CASE measure
      WHEN 'volume'
      THEN GREATEST(SQRT(expected_value), 1) /* chance alone moves a count by its root */
      WHEN 'freshness'
      THEN 1
      WHEN 'null_rate'
      THEN GREATEST(SQRT(expected_value * (
        1 - expected_value
      ) / row_count), 0.02)
      ELSE 0.1 * ABS(expected_value)
    END AS least
  FROM middle
), scored AS (
  SELECT
    deviation.*,
    GREATEST(usual, least) AS spread_value,
    ABS(value - expected_value) / NULLIF(GREATEST(usual, least), 0) AS score,
    CASE WHEN measure IN ('volume', 'mean') THEN ABS(expected_value) ELSE 1 END AS unit
  FROM deviation
)
SELECT
  scored.source::TEXT AS source,
  scored.entity::TEXT AS entity,
  scored.column_name::TEXT AS column_name,
  scored.measure::TEXT AS measure,
  scored.event_date::DATE AS event_date,
  scored.value::DOUBLE PRECISION AS value,
  scored.expected_value::DOUBLE PRECISION AS expected_value,
  scored.spread_value::DOUBLE PRECISION AS spread_value,
  scored.score::DOUBLE PRECISION AS score,
  CARDINALITY(scored.past_values)::INT AS history_count
FROM scored
LEFT JOIN seed.anomaly_limit AS own
  ON own.measure = scored.measure AND own.source = scored.source
JOIN seed.anomaly_limit AS common
  ON common.measure = scored.measure AND common.source = '*'
WHERE
  scored.score >= COALESCE(own.least_score, common.least_score)
  AND ABS(scored.value - scored.expected_value) >= COALESCE(own.least_change, common.least_change) * scored.unit
  AND (
    scored.measure <> 'freshness' OR scored.value > scored.expected_value
  )
