MODEL (
  name ml.model_evaluation,
  kind FULL,
  owner data_science,
  grain (model, source, part, method, metric),
  tags (ml, evaluation),
  audits (
    not_null(columns := (model, source, part, method, metric, role)),
    unique_combination_of_columns(columns := (model, source, part, method, metric)),
    accepted_values(column := role, is_in := ('champion', 'challenger', 'baseline')),
    gates_hold
  ),
  description 'One row per learned model, source, part, method and metric: what it is worth on data that it has not seen, beside the naive baseline on the same rows. How it was before is in ml.model_evaluation_history. Nothing may be added up.',
  column_descriptions (
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
    parameters = 'The fitted parameters, as JSON.',
    data_fingerprint = 'A hash of the rows that were read: the same data has the same fingerprint.',
    note = 'Why a value is missing, or what to keep in mind. Empty where there is nothing to say.'
  )
);

SELECT
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
  parameters::TEXT AS parameters,
  data_fingerprint::TEXT AS data_fingerprint,
  note::TEXT AS note
FROM (
  @UNION_EVALUATIONS()
) AS evaluated
