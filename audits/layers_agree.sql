AUDIT (
  name layers_agree,
  blocking FALSE
);

/* Sources, entities and days on which a raw row is neither in core nor accounted for, or staging lost one.
   Tells and does not stop: a refresh may take several plans, and until the last one some days are behind. */
SELECT
  *
FROM @this_model
WHERE
  difference_count <> 0 OR staged_difference_count <> 0
