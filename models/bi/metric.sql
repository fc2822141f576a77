MODEL (
  name bi.metric,
  kind VIEW,
  owner analytics_engineering,
  grain metric,
  tags (
    bi
  ),
  grants (
    "select" = ARRAY['bi_reader']
  ),
  audits (not_null(columns := (
      metric
    )), unique_values(columns := (
      metric
  ))),
  description 'One row per measure of the views: what it means in words and as SQL, and what it may be added up over.',
  column_descriptions (
    metric = 'Name of the measure, and of the columns that hold it.',
    label = 'What to call it in a report.',
    definition = 'What it means.',
    relation = 'Tables that the expression is computed over; empty where it is made of other measures.',
    expression = 'The measure as SQL.',
    dated_by = 'The date on which a row of the relation counts.',
    unit = 'money, count, quantity, rate, ratio, days or score.',
    additive_over = 'What it may be added up over: time, channel, store, place, category, product, customer, …; nothing where it may not. Money is never added over currencies.',
    served_in = 'The views that hold it.',
    owner = 'Who answers for the definition.'
  )
);

SELECT
  metric::TEXT AS metric,
  label::TEXT AS label,
  definition::TEXT AS definition,
  relation::TEXT AS relation,
  expression::TEXT AS expression,
  dated_by::TEXT AS dated_by,
  unit::TEXT AS unit,
  additive_over::TEXT AS additive_over,
  served_in::TEXT AS served_in,
  owner::TEXT AS owner
FROM seed.metric
