AUDIT (
  name chosen_once
);

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
