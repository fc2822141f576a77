AUDIT (
  name references_exist
);

/* Rows whose key stands in no row of the parent. */
SELECT
  child.*
FROM @this_model AS child
LEFT JOIN @parent AS parent
  ON parent.@key = child.@key
WHERE
  parent.@key IS NULL
