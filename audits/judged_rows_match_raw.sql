AUDIT (
  name judged_rows_match_raw
);

/* Days on which a table of verdicts does not hold exactly the rows of the raw table. */
WITH judged AS (
  SELECT
    @judged_on AS event_date,
    COUNT(*) AS row_count
  FROM @this_model
  GROUP BY
    @judged_on
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
  judged.row_count AS judged_row_count
FROM loaded
FULL JOIN judged
  USING (event_date)
WHERE
  COALESCE(loaded.row_count, 0) <> COALESCE(judged.row_count, 0)
