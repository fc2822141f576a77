AUDIT (
  name gates_hold
);

/* Evaluations that do not reach what the variable `gates` in config.yaml asks for, as sentences with the number. They stand
   in the query that SQLMesh prints. */
SELECT
  gate_failure
FROM (
  @GATE_FAILURES(@this_model)
) AS judged
