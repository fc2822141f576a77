MODEL (
  name ml.score_drift,
  kind VIEW,
  owner data_science,
  grain (environment, model, source, column_name, recorded_at, compared_with),
  tags (
    ml
  ),
  audits (
    not_null(columns := (environment, model, source, column_name, recorded_at, compared_with)),
    unique_combination_of_columns(columns := (environment, model, source, column_name, recorded_at, compared_with)),
    accepted_values(column := compared_with, is_in := ('first', 'previous', 'prod'))
  ),
  description 'One row per distribution of a watched score that a plan or run left in an environment, and what it is compared with: the first and the previous one there, and for other environments the one that prod had then. Nothing may be added up.',
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

WITH snapshot AS (
  SELECT
    distribution.*,
    (
      SELECT
        SUM(row_count)
      FROM UNNEST(counts) AS bin(row_count)
    ) AS row_count,
    CARDINALITY(counts) AS bin_count,
    MIN(recorded_at) OVER history AS first_at,
    LAG(recorded_at) OVER history AS previous_at
  FROM ingest.score_distribution AS distribution
  WINDOW history AS (PARTITION BY environment, model, source, column_name ORDER BY recorded_at)
), pair AS (
  SELECT
    environment,
    model,
    source,
    column_name,
    recorded_at,
    'first' AS compared_with,
    environment AS compared_environment,
    first_at AS compared_at
  FROM snapshot
  WHERE
    first_at < recorded_at
  UNION ALL
  SELECT
    environment,
    model,
    source,
    column_name,
    recorded_at,
    'previous' AS compared_with,
    environment AS compared_environment,
    previous_at AS compared_at
  FROM snapshot
  WHERE
    NOT previous_at IS NULL
  UNION ALL
  SELECT
    tried.environment,
    tried.model,
    tried.source,
    tried.column_name,
    tried.recorded_at,
    'prod' AS compared_with,
    served.environment AS compared_environment,
    MAX(served.recorded_at) AS compared_at
  FROM snapshot AS tried
  JOIN snapshot AS served
    ON served.model = tried.model
    AND served.source = tried.source
    AND served.column_name = tried.column_name
    AND served.environment = 'prod'
    AND served.recorded_at <= tried.recorded_at
  WHERE
    tried.environment <> 'prod'
  GROUP BY
    1,
    2,
    3,
    4,
    5,
    7
), measured AS (
  SELECT
    pair.environment,
    pair.model,
    pair.source,
    pair.column_name,
    pair.recorded_at,
    pair.compared_with,
    pair.compared_at,
    actual.row_count,
    expected.row_count AS compared_count,
    (
      SELECT
        @PSI(
          @BIN_RATE(bin.expected_count, expected.row_count, actual.bin_count),
          @BIN_RATE(bin.actual_count, actual.row_count, actual.bin_count)
        )
      FROM UNNEST(expected.counts, actual.counts) AS bin(expected_count, actual_count)
    ) AS psi,
    @PSI_LIMIT(actual.bin_count, expected.row_count, actual.row_count) AS psi_limit
  FROM pair
  JOIN snapshot AS actual
    ON actual.environment = pair.environment
    AND actual.model = pair.model
    AND actual.source = pair.source
    AND actual.column_name = pair.column_name
    AND actual.recorded_at = pair.recorded_at
  JOIN snapshot AS expected
    ON expected.environment = pair.compared_environment
    AND expected.model = pair.model
    AND expected.source = pair.source
    AND expected.column_name = pair.column_name
    AND expected.recorded_at = pair.compared_at
)
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
  (
    psi > psi_limit AND psi > @VAR('drift_psi')
  )::BOOLEAN AS is_drifted
FROM measured
