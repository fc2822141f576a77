AUDIT (
  name rows_match_row_total
);

/* Sources and days whose rows are not as many as the raw rows say. */
WITH held AS (
  SELECT
    source,
    @counted_on AS event_date,
    COUNT(*) AS row_count
  FROM @this_model
  GROUP BY
    source,
    @counted_on
), expected AS (
  SELECT
    source,
    event_date,
    row_count
  FROM conformed.row_total
  WHERE
    entity = @entity AND event_date BETWEEN @start_date AND @end_date
)
SELECT
  source,
  event_date,
  expected.row_count AS expected_row_count,
  held.row_count
FROM expected
FULL JOIN held
  USING (source, event_date)
WHERE
  COALESCE(expected.row_count, 0) <> COALESCE(held.row_count, 0)
