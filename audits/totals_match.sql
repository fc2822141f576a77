AUDIT (
  name totals_match,
  defaults (condition = TRUE, parent_condition = TRUE)
);

/* Groups whose totals are not the parent's, to the cent: parent_columns and parent_measures say in the parent's words what
   columns and measures are here, in the same order. The result shows what is here less what is there. */
WITH difference AS (
  SELECT
    @EACH(@columns, column_ -> column_),
    @EACH(@measures, measure -> measure)
  FROM @this_model
  WHERE
    @condition
  UNION ALL
  SELECT
    @EACH(@parent_columns, column_ -> column_),
    @EACH(@parent_measures, measure -> -1 * (
      measure
    ))
  FROM @parent
  WHERE
    @parent_condition
)
SELECT
  @EACH(@columns, column_ -> column_),
  @EACH(@measures, measure -> SUM(measure) AS measure)
FROM difference
GROUP BY
  @EACH(@columns, column_ -> column_)
HAVING
  @OR(@EACH(@measures, measure -> ABS(SUM(measure)) >= 0.005))
