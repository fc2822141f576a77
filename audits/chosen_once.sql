AUDIT (
  name chosen_once
) /* Sources and currencies for whose customers not exactly one number of clusters is chosen. */;

SELECT
  source,
  currency
FROM @this_model
GROUP BY
  source,
  currency
HAVING
  COUNT(*) FILTER(WHERE
    is_chosen) <> 1
