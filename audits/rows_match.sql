AUDIT (
  name rows_match,
  defaults (
    parent_condition = TRUE
  )
);

/* Groups that have not as many rows here as in the parent, whose parent_columns are columns in its own words, in the same
   order. The result shows how many there are here less those there. */
WITH difference AS (
  SELECT
    @EACH(@columns, column_ -> column_),
    1 AS row_count
  FROM @this_model
  UNION ALL
  SELECT
    @EACH(@parent_columns, column_ -> column_),
    -1
  FROM @parent
  WHERE
    @parent_condition
)
SELECT
  @EACH(@columns, column_ -> column_),
  SUM(row_count) AS row_count
FROM difference
GROUP BY
  @EACH(@columns, column_ -> column_)
HAVING
  SUM(row_count) <> 0
