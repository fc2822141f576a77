MODEL (
  name bi.score_drift,
  kind VIEW,
  owner data_science,
  grain (environment, model, source, column_name, recorded_at, compared_with),
  tags (bi, ml),
  grants (
    "select" = ARRAY['bi_reader']
  ),
  audits (
    not_null(columns := (environment, model, source, column_name, recorded_at, compared_with)),
    unique_combination_of_columns(columns := (environment, model, source, column_name, recorded_at, compared_with))
  ),
  description 'One row per distribution of a watched score that a plan or run left in an environment, and what it is compared with. Nothing may be added up. Answers: whether a new version scores customers otherwise.',
  column_descriptions (
    environment = 'The environment that was planned or run.',
    model = 'The model whose score it is.',
    source = 'The shop.',
    column_name = 'The score.',
    recorded_at = 'When the plan or run ended.',
    compared_with = 'first, previous or prod.',
    compared_at = 'When what it is compared with was recorded.',
    row_count = 'Rows with a score. Not additive over times.',
    compared_count = 'Rows with a score in what it is compared with.',
    psi = 'Population stability index over the deciles of the first time: 0 is the same, up to 0.1 little, from 0.25 on much. Not additive.',
    psi_limit = 'What chance alone exceeds once in twenty times with so many rows.',
    is_drifted = 'psi is above psi_limit and above the variable drift_psi.'
  )
);

SELECT
  environment::TEXT AS environment,
  model::TEXT AS model,
  source::TEXT AS source,
  column_name::TEXT AS column_name,
  recorded_at::TIMESTAMPTZ AS recorded_at,
  compared_with::TEXT AS compared_with,
  compared_at::TIMESTAMPTZ AS compared_at,
  row_count::BIGINT AS row_count,
  compared_count::BIGINT AS compared_count,
  psi::DOUBLE PRECISION AS psi,
  psi_limit::DOUBLE PRECISION AS psi_limit,
  is_drifted::BOOLEAN AS is_drifted
FROM ml.score_drift
