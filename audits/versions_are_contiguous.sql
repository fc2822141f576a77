AUDIT (
  name versions_are_contiguous
);

/* Versions of an entity that leave a gap, overlap, begin late, or whose last one is not the one that is current. */
WITH version AS (
  SELECT
    source,
    @entity_id AS entity_id,
    valid_from_at,
    valid_to_at,
    is_current,
    LAG(valid_to_at) OVER (PARTITION BY source, @entity_id ORDER BY valid_from_at) AS previous_to_at,
    LEAD(valid_from_at) OVER (PARTITION BY source, @entity_id ORDER BY valid_from_at) AS next_from_at
  FROM @this_model
)
SELECT
  *
FROM version
WHERE
  valid_from_at >= valid_to_at
  OR valid_to_at <> COALESCE(next_from_at, @END_OF_TIME())
  OR (
    previous_to_at IS NULL AND valid_from_at <> @BEGINNING_OF_TIME()
  )
  OR is_current <> (
    next_from_at IS NULL
  )
