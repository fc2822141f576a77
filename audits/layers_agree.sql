AUDIT (
  name layers_agree
);

/* Sources, entities and days on which a raw row is neither in core nor accounted for, or staging lost one. */
SELECT
  *
FROM @this_model
WHERE
  difference_count <> 0 OR staged_difference_count <> 0
