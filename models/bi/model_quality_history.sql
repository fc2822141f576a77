MODEL (
  name bi.model_quality_history,
  kind VIEW,
  owner data_science,
  grain (environment, model, source, part, method, metric, recorded_at),
  tags (bi, ml),
  grants (
    "select" = ARRAY['bi_reader']
  ),
  audits (
    not_null(columns := (environment, model, source, part, method, metric, recorded_at)),
    unique_combination_of_columns(columns := (environment, model, source, part, method, metric, recorded_at))
  ),
  description 'One row per evaluation of a learned model that an environment was given, and again each time that it changed. What holds now is in bi.model_quality. Nothing may be added up. Answers: whether a model gets better or worse.',
  column_descriptions (
    environment = 'The environment that was planned or run: prod, dev, …',
    model = 'The model whose scores are judged, such as ml.customer_clv.',
    source = 'The shop whose data it was fitted on and judged with.',
    part = 'What of it was judged: ''all'', or a grain, group or horizon.',
    method = 'The method that was judged.',
    role = 'champion: its scores are served; challenger: it was compared; baseline: the naive method.',
    metric = 'What was measured on the holdout.',
    metric_value = 'The metric''s value. NULL where it cannot be computed: note tells why. Not additive.',
    is_higher_better = 'Whether a higher value is better.',
    baseline_method = 'The naive method that it is compared with.',
    baseline_value = 'The naive method''s value of the metric on the same holdout. Not additive.',
    is_better_than_baseline = 'Whether the value is better than the baseline''s. NULL where either is missing.',
    as_of_date = 'The last order_date of the source: nothing later was known.',
    cut_date = 'The first day of the holdout: nothing from here on was seen in fitting.',
    holdout_days = 'Days of the holdout, from cut_date on.',
    train_count = 'Rows that were fitted on (customers, series, interactions: what the model''s grain is).',
    holdout_count = 'Rows that were judged.',
    recorded_at = 'When that plan or run ended.',
    previous_value = 'The value that was recorded for the environment before this one. Not additive.',
    is_current = 'Nothing newer was recorded for the environment.'
  )
);

SELECT
  environment::TEXT AS environment,
  model::TEXT AS model,
  source::TEXT AS source,
  part::TEXT AS part,
  method::TEXT AS method,
  role::TEXT AS role,
  metric::TEXT AS metric,
  metric_value::DOUBLE PRECISION AS metric_value,
  is_higher_better::BOOLEAN AS is_higher_better,
  baseline_method::TEXT AS baseline_method,
  baseline_value::DOUBLE PRECISION AS baseline_value,
  is_better_than_baseline::BOOLEAN AS is_better_than_baseline,
  as_of_date::DATE AS as_of_date,
  cut_date::DATE AS cut_date,
  holdout_days::INT AS holdout_days,
  train_count::BIGINT AS train_count,
  holdout_count::BIGINT AS holdout_count,
  recorded_at::TIMESTAMPTZ AS recorded_at,
  previous_value::DOUBLE PRECISION AS previous_value,
  is_current::BOOLEAN AS is_current
FROM ml.model_evaluation_history
