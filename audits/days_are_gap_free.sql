AUDIT (
  name days_are_gap_free
);

/* Series of a source, channel and currency that miss a day, hold one twice, or begin or end on another day than their source. */
WITH series AS (
  SELECT
    source,
    channel,
    currency,
    MIN(sales_date) AS first_date,
    MAX(sales_date) AS last_date,
    COUNT(*) AS day_count
  FROM @this_model
  GROUP BY
    source,
    channel,
    currency
), span AS (
  SELECT
    source,
    MIN(first_date) AS first_date,
    MAX(last_date) AS last_date
  FROM series
  GROUP BY
    source
)
SELECT
  series.*
FROM series
JOIN span
  ON span.source = series.source
WHERE
  series.first_date <> span.first_date
  OR series.last_date <> span.last_date
  OR series.day_count <> series.last_date - series.first_date + 1
