MODEL (
  name ml.model_run,
  kind VIEW,
  owner data_science,
  grain (physical_table, started_at),
  tags (
    ml
  ),
  audits (
    not_null(columns := (model, physical_table, started_at)),
    unique_combination_of_columns(columns := (physical_table, started_at))
  ),
  description 'One row per time that a learned model was computed, over all its versions: how long it took, what it wrote, with which libraries, and where it is served. Seconds of models that ran side by side may not be added up.',
  column_descriptions (
    model = 'The model, such as ml.customer_clv.',
    physical_table = 'The table that was written: each version of the model has its own.',
    started_at = 'When it began.',
    run_seconds = 'How long it took, reading and writing included. Not additive over models that ran side by side.',
    row_count = 'Rows that were written. Not additive over runs: each writes the table anew.',
    data_fingerprint = 'A hash of the rows that were written: two runs with the same wrote the same.',
    library_versions = 'The versions of the libraries that the model uses, as JSON.',
    python_version = 'The version of Python.',
    environments = 'The environments whose view shows the table now, with commas between; empty where none does.',
    past_environments = 'The environments whose view showed it before, with commas between; empty where none did.',
    parameters = 'The champions'' fitted parameters by source, part and method, as JSON, as recorded before the next run. Empty where nothing evaluates the model.'
  )
);

WITH run AS (
  SELECT
    model_run.*,
    REGEXP_REPLACE(physical_table, '^.*[.]|"', '', 'g') AS table_name, /* without schema and quotes, which depend on who wrote it */
    LEAD(started_at, 1, 'infinity'::TIMESTAMPTZ) OVER (PARTITION BY physical_table ORDER BY started_at) AS next_at
  FROM ingest.model_run
), served AS (
  SELECT
    environment,
    REGEXP_REPLACE(physical_table, '^.*[.]|"', '', 'g') AS table_name,
    LEAD(promoted_at) OVER (PARTITION BY environment, model ORDER BY promoted_at) IS NULL AS is_now
  FROM ingest.model_promotion
), place AS (
  SELECT
    table_name,
    environment,
    BOOL_OR(is_now) AS is_now
  FROM served
  GROUP BY
    table_name,
    environment
), places AS (
  SELECT
    table_name,
    STRING_AGG(environment, ', '
    ORDER BY
      environment) FILTER(WHERE
      is_now) AS environments,
    STRING_AGG(environment, ', '
    ORDER BY
      environment) FILTER(WHERE
      NOT is_now) AS past_environments
  FROM place
  GROUP BY
    table_name
), known AS (
  /* What was recorded last of each champion before the next run, in an environment that shows the table. */
  SELECT DISTINCT ON (
    run.physical_table,
    run.started_at,
    recorded.source,
    recorded.part,
    recorded.method
  )
    run.physical_table,
    run.started_at,
    recorded.source,
    recorded.part,
    recorded.method,
    recorded.parameters
  FROM run
  JOIN place
    ON place.table_name = run.table_name
  JOIN ingest.model_evaluation AS recorded
    ON recorded.model = run.model
    AND recorded.environment = place.environment
    AND recorded.role = 'champion'
    AND recorded.recorded_at < run.next_at
  ORDER BY
    run.physical_table,
    run.started_at,
    recorded.source,
    recorded.part,
    recorded.method,
    recorded.recorded_at DESC
), fitted AS (
  SELECT
    physical_table,
    started_at,
    JSONB_OBJECT_AGG(source || ', ' || part || ', ' || method, parameters::JSONB)::TEXT AS parameters
  FROM known
  GROUP BY
    physical_table,
    started_at
)
SELECT
  run.model::TEXT AS model,
  run.physical_table::TEXT AS physical_table,
  run.started_at::TIMESTAMPTZ AS started_at,
  run.seconds::DOUBLE PRECISION AS run_seconds,
  run.row_count::BIGINT AS row_count,
  run.data_fingerprint::TEXT AS data_fingerprint,
  run.library_versions::TEXT AS library_versions,
  run.python_version::TEXT AS python_version,
  COALESCE(places.environments, '')::TEXT AS environments,
  COALESCE(places.past_environments, '')::TEXT AS past_environments,
  COALESCE(fitted.parameters, '')::TEXT AS parameters
FROM run
LEFT JOIN places
  ON places.table_name = run.table_name
LEFT JOIN fitted
  ON fitted.physical_table = run.physical_table AND fitted.started_at = run.started_at
