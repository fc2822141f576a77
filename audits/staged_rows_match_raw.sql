AUDIT (
  name staged_rows_match_raw,
  defaults (
    staged_on = order_date
  )
);

/* Days on which staging does not hold exactly the rows of the raw table. staged_on is the column of the day. */
WITH staged AS (
  SELECT
    @staged_on AS event_date,
    COUNT(*) AS row_count
  FROM @this_model
  GROUP BY
    @staged_on
), loaded AS (
  SELECT
    _event_date AS event_date,
    COUNT(*) AS row_count
  FROM @raw_table
  WHERE
    _event_date BETWEEN @start_date AND @end_date
  GROUP BY
    _event_date
)
SELECT
  event_date,
  loaded.row_count AS raw_row_count,
  staged.row_count AS staged_row_count
FROM loaded
FULL JOIN staged
  USING (event_date)
WHERE
  COALESCE(loaded.row_count, 0) <> COALESCE(staged.row_count, 0)
