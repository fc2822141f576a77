AUDIT (
  name no_personal_values
);

/* Rows in whose text columns stands what looks like an e-mail address or a telephone number. */
SELECT
  *
FROM @this_model
WHERE
  @REDUCE(
    @EACH(
      @columns,
      column_ -> column_ ~* '[^@[:space:]]+@[^@[:space:]]+\.[a-z]{2,}'
      OR column_ ~ '^\s*(\+[0-9][0-9 ()./x-]{6,24}|00[0-9]{1,3}[ ./-][0-9 ()./x-]{5,}|\(?0[0-9]{1,4}\)?[ /-]+[0-9][0-9 .-]{4,}|\(?[0-9]{3}\)?[ .-]+[0-9]{3}[ .-][0-9]{4})\s*$'
    ),
    (left_, right_) -> left_ OR right_
  )
