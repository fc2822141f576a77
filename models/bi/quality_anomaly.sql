MODEL (
  name bi.quality_anomaly,
  kind VIEW,
  owner analytics_engineering,
  grain (source, entity, column_name, measure, event_date),
  tags (bi, quality),
  grants (
    "select" = ARRAY['bi_reader']
  ),
  audits (
    not_null(columns := (source, entity, column_name, measure, event_date)),
    unique_combination_of_columns(columns := (source, entity, column_name, measure, event_date))
  ),
  description 'One row per measure and day that differs from the same weekday in the eight weeks before by more than chance. A lead to follow, not a verdict: Christmas is an anomaly too. Nothing may be added up. Answers: which days look strange.',
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

SELECT
  source::TEXT AS source,
  entity::TEXT AS entity,
  column_name::TEXT AS column_name,
  measure::TEXT AS measure,
  event_date::DATE AS event_date,
  value::DOUBLE PRECISION AS value,
  expected_value::DOUBLE PRECISION AS expected_value,
  spread_value::DOUBLE PRECISION AS spread_value,
  score::DOUBLE PRECISION AS score,
  history_count::INT AS history_count
FROM quality.anomaly
