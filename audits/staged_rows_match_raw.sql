AUDIT (
  name staged_rows_match_raw
);

/* Days on which staging does not hold exactly the rows of the raw table. */
WITH staged AS (
  SELECT
    order_date,
    COUNT(*) AS row_count
  FROM @this_model
  GROUP BY
    order_date
), loaded AS (
  SELECT
    _event_date AS order_date,
    COUNT(*) AS row_count
  FROM @raw_table
  WHERE
    _event_date BETWEEN @start_date AND @end_date
  GROUP BY
    _event_date
)
SELECT
  order_date,
  loaded.row_count AS raw_row_count,
  staged.row_count AS staged_row_count
FROM loaded
FULL JOIN staged
  USING (order_date)
WHERE
  COALESCE(loaded.row_count, 0) <> COALESCE(staged.row_count, 0)
